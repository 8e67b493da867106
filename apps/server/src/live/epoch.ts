import { baseClient, fieldKey, ROOT, toRecord } from '@tamga/collab'
import type { Content } from '@tamga/model'
import * as Y from 'yjs'
import { transact } from '../db/transact.ts'
import type { Services } from '../services.ts'
import type { Replica } from './replica.ts'
import { annotationsFor, lockHead, moveEpoch, putSnapshot } from './store.ts'

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
  const at = services.now()
  await transact(services, async (trx) => {
    const head = await lockHead(trx, layer, services.kind)
    const rows = await annotationsFor(trx, layer, new Date(at.getTime() - GONE_DAYS * DAY))
    const epoch = head.epoch + 1
    await moveEpoch(trx, layer, epoch)
    await putSnapshot(trx, { layer, epoch, seq: head.seq, state: baseOf(epoch, rows), at })
  })
  services.metrics.epochs.inc()
}

interface Standing {
  readonly id: string
  readonly content: Content
  readonly via: string | null
  readonly unsure: boolean
  readonly gone_at: Date | null
}

/** The first state of an epoch's document, as one update. */
export function baseOf(epoch: number, rows: readonly Standing[]): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = baseClient(epoch)
  const map = doc.getMap(ROOT)
  Y.transact(doc, () => {
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
