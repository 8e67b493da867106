import { EPOCH_ROOT, fieldKey, ROOT, sameValue, toRecord } from '@tamga/collab'
import type { Annotation, Content } from '@tamga/model'
import * as Y from 'yjs'
import { transact } from '../db/transact.ts'
import type { Services } from '../services.ts'
import type { LogGap, Replica } from './replica.ts'
import { drawServerClients } from './server-clients.ts'
import { annotationsFor, lockHead, moveEpoch, putSnapshot, setVerified, type Head, type Trx } from './store.ts'

/** Structs a key: what is above is mostly the past of overwritten fields, which each newcomer has to take in. */
const STRUCTS_A_KEY = 3
/** A document so small is read in no time, whatever its past. */
const SMALL = 300
/** Each transaction of Yjs costs with the number of client ids. */
const CLIENTS = 500

const GONE_DAYS = 30
const DAY = 24 * 60 * 60 * 1000

/** Would a new document without its past be worth having, when nobody is inside? */
export function isWorthANewEpoch({ size: { structs, keys, clients } }: Replica): boolean {
  return clients > CLIENTS || (structs > SMALL && structs > STRUCTS_A_KEY * keys)
}

/**
 * Begins a new document of a layer: what its annotations say now, each in one record, without what is gone for 30 days.
 * It is stored as a snapshot before anybody can join it. Whoever has the old one is told so at the next message.
 */
export async function beginEpoch(services: Services, layer: string): Promise<void> {
  await transact(services, async (trx) => begin(trx, services, layer, await lockHead(trx, layer, services.kind)))
  services.metrics.epochs.inc()
}

/** The same with the head locked already. */
async function begin(trx: Trx, services: Services, layer: string, head: Head): Promise<void> {
  const at = services.now()
  const rows = await annotationsFor(trx, layer, new Date(at.getTime() - GONE_DAYS * DAY))
  const epoch = head.epoch + 1
  await moveEpoch(trx, layer, epoch)
  await putSnapshot(trx, { layer, epoch, seq: head.seq, state: baseOf(epoch, rows, drawServerClients().writes), at })
}

/**
 * Begins a new document in place of one that its log does not make any more: what was acknowledged is what the rows say.
 * Does nothing if somebody else has begun another one meanwhile.
 */
export async function rebuild(services: Services, layer: string, { epoch, message }: LogGap): Promise<void> {
  const isDone = await transact(services, async (trx) => {
    const head = await lockHead(trx, layer, services.kind)
    if (head.epoch === epoch) await begin(trx, services, layer, head)
    return head.epoch === epoch
  })
  if (isDone) tellRebuilt(services, layer, epoch, message)
}

/**
 * Compares a document that an earlier release wrote with its rows, once. If they differ, that release changed values without
 * logging it, and a new document begins from the rows. Answers whether the copy is of no use any more.
 */
export async function rebuildIfUnlike(services: Services, replica: Replica): Promise<boolean> {
  const { epoch, info } = replica
  const { layer } = info
  const unlike = await transact(services, async (trx) => {
    const head = await lockHead(trx, layer, services.kind)
    if (head.epoch !== epoch) return 'of another epoch'
    await replica.catchUp(trx, head.seq)
    const difference = differenceOf(replica, await annotationsFor(trx, layer, new Date(0)))
    if (difference === null) await setVerified(trx, layer)
    else await begin(trx, services, layer, head)
    return difference
  })
  if (unlike !== null && unlike !== 'of another epoch') tellRebuilt(services, layer, epoch, unlike)
  return unlike !== null
}

function tellRebuilt(services: Services, layer: string, epoch: number, reason: string): void {
  services.metrics.epochs.inc()
  services.log.warn({ layer, epoch, reason }, 'document rebuilt from its rows')
}

/** The first annotation that a copy and the rows tell differently, as a sentence; null if there is none. */
function differenceOf({ annotations }: Replica, rows: readonly Standing[]): string | null {
  const left = new Set(annotations.keys())
  for (const row of rows) {
    const one = annotations.get(row.id)
    left.delete(row.id)
    // what has been gone for long has no place in a later document
    if (!one && row.gone_at) continue
    if (!one || !sameValue(told(one), told({ ...row, gone: row.gone_at !== null })))
      return `the log tells ${row.id} otherwise than its row`
  }
  const [id] = left
  return id === undefined ? null : `the log has ${id}, which has no row`
}

const told = ({ content, via, unsure, gone }: Omit<Annotation, 'id'>) => {
  const attributes = [...content.attributes].sort(([a], [b]) => (a < b ? -1 : 1))
  return [toRecord({ ...content, attributes }, via), unsure, gone]
}

interface Standing {
  readonly id: string
  readonly content: Content
  readonly via: string | null
  readonly unsure: boolean
  readonly gone_at: Date | null
}

/** The first state of an epoch's document, as one update of `client`. It is never empty, so that it can be told from others. */
export function baseOf(epoch: number, rows: readonly Standing[], client: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  const map = doc.getMap(ROOT)
  Y.transact(doc, () => {
    doc.getMap(EPOCH_ROOT).set(EPOCH_ROOT, epoch)
    for (const { id, content, via, unsure, gone_at } of rows) {
      map.set(id, toRecord(content, via))
      if (unsure) map.set(fieldKey(id, 'unsure'), true)
      if (gone_at) map.set(fieldKey(id, 'gone'), true)
    }
  })
  const state = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return state
}
