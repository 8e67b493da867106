import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { Piece } from '@tamga/formats'

/** An archive on its way: its bytes, and what the pieces returned once all are written. */
export interface Zipped<T> {
  readonly stream: Readable
  readonly result: Promise<T>
}

/**
 * Packs pieces of files into a zip while they are made; they are asked for as fast as the reader takes them, and no more
 * once the stream is closed. A refusal that comes before the first piece is thrown here, before there is a stream; an
 * error later breaks the stream off.
 */
export async function zipPieces<T>(pieces: AsyncGenerator<Piece, T>, at: Date): Promise<Zipped<T>> {
  const first = await pieces.next()
  const zip = new ZipFile()
  const stream = new PassThrough()
  zip.outputStream.pipe(stream)
  zip.on('error', (error: Error) => stream.destroy(error))
  const closed = new AbortController()
  stream.once('close', () => closed.abort())
  const result = fill(zip, at, first, pieces, closed.signal)
  result.catch((error: Error) => stream.destroy(error))
  return { stream, result }
}

async function fill<T>(
  zip: ZipFile,
  at: Date,
  first: IteratorResult<Piece, T>,
  pieces: AsyncGenerator<Piece, T>,
  signal: AbortSignal,
): Promise<T> {
  let file = ''
  let entry: PassThrough | null = null
  try {
    for (let next = first; ; next = await pieces.next()) {
      signal.throwIfAborted()
      if (next.done) {
        entry?.end()
        zip.end()
        return next.value
      }
      if (!entry || next.value.file !== file) {
        entry?.end()
        file = next.value.file
        entry = new PassThrough()
        zip.addReadStream(entry, file, { mtime: at, mode: 0o100644 })
      }
      if (!entry.write(next.value.text)) await once(entry, 'drain', { signal })
    }
  } catch (error) {
    await pieces.return(undefined as never)
    throw error
  }
}
