import { statfsSync } from 'node:fs'

/**
 * File systems on which a lock of one machine is not seen by another, or is granted to everybody, by the number that
 * Linux's statfs(2) gives them (linux/magic.h and coreutils' stat.c).
 */
const refused: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x1021997, '9p'],
  [0xc36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0xbd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x7461636f, 'OCFS2'],
  [0x1161970, 'GFS2'],
  [0x786f4256, 'vboxsf'],
  [0x73757245, 'Coda'],
  [0x19830326, 'BeeGFS'],
  [0xaad7aaea, 'PanFS'],
  [0xbacbacbc, 'VMware shared folders'],
  [0x7c7c6673, 'Parallels shared folders'],
])

/** The number of a path's file system; bits above the 32nd carry nothing. */
export type FileSystemOf = (path: string) => bigint

const fileSystemOf: FileSystemOf = (path) => statfsSync(path, { bigint: true }).type

/** Throws an Error with a sentence if a folder's file system is one that keeps no locks between machines. */
export function requireLocalFileSystem(folder: string, numberOf: FileSystemOf = fileSystemOf): void {
  // on other systems the numbers mean something else
  if (process.platform !== 'linux') return
  const name = refused.get(Number(BigInt.asUintN(32, numberOf(folder))))
  if (name === undefined) return
  throw new Error(
    `The data folder "${folder}" lies on ${name}, where the lock that keeps two servers apart is not reliable. ` +
      'Use a disk of this machine, in Docker a named volume, or a Postgres (DATABASE_URL).',
  )
}
