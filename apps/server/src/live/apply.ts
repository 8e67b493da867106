import {
  contentWithoutDefaults,
  attributeOfField,
  faultOfField,
  faultOfMaking,
  isCorrectionClient,
  readKey,
  readRecord,
  ROOT,
  sameValue,
  toRecord,
  withField,
  withoutDefault,
  type Field,
  type Inspection,
  type Refusal,
} from '@tamga/collab'
import { can, type AttributeValue, type Plain, type ProblemCode, type ProblemDetails, type Role } from '@tamga/model'
import * as Y from 'yjs'
import { newId } from '../services.ts'
import { accept, inOrder, KeyWatch, type KeyChange } from './accept.ts'
import type { Replica } from './replica.ts'

/** What did not stand: what its sender is told, and the value that is kept for them (`undefined`: a key was deleted). */
export interface Refused {
  readonly refusal: Refusal & { readonly aside: string }
  readonly value: Plain | undefined
}

/** What came of one update or write: what the log keeps of it (null: it changed nothing), what was accepted, what refused. */
export interface Applied {
  readonly account: string
  readonly update: Uint8Array | null
  readonly changes: readonly KeyChange[]
  readonly refusals: readonly Refused[]
}

/** Who writes, as far as the rules ask. */
export interface Writer {
  readonly account: string
  readonly role: Role
  /** Refuses everything: the layer is frozen, the article withdrawn. */
  readonly shut: ProblemCode | null
  /** What only a reviewer may change: what is approved, where the project locks that. */
  readonly locked: ReadonlySet<string>
}

/** What came of one client's update while others are applied with it. */
export interface Settled extends Pick<Applied, 'changes' | 'refusals'> {
  /** True if the server wrote in its turn: the client's bytes alone do not make this document any more. */
  readonly rewritten: boolean
}

/**
 * Applies an inspected update of a client and puts right what the rules do not let stand: the last good value comes back, a
 * refused new key goes. What lost to such a correction, which its writer had not seen, is written again if it may stand: a
 * write may lose to another's accepted write, never to a refused one.
 */
export type Apply = (update: Inspection, writer: Writer) => Settled

/**
 * Lets `act` apply updates one after the other, all in one transaction of the document: what is refused is gone before
 * anybody could see it, and what Yjs does for a transaction it does once. Answers the document's own update, or null if
 * nothing changed.
 */
export function applyTogether(replica: Replica, act: (apply: Apply) => void): Uint8Array | null {
  const { doc, map } = replica
  let update: Uint8Array | null = null
  const keep = (own: Uint8Array) => (update = own)
  doc.on('update', keep)
  try {
    Y.transact(doc, (transaction) => {
      const { changed } = transaction
      const all = new Set<string | null>()
      act((update, writer) => {
        replica.ahead = true
        // what is noted from here on is this update's
        changed.delete(map as never)
        Y.applyUpdate(doc, update.update)
        // else Yjs thinks, at the first correction, that another document writes under the server's id
        transaction.local = true
        const settled = settleAll(replica, changed.get(map as never), update, writer)
        for (const key of changed.get(map as never) ?? []) all.add(key)
        return settled
      })
      if (all.size > 0) changed.set(map as never, all)
    })
  } finally {
    doc.off('update', keep)
  }
  return update
}

/** What the server writes over an update of a client goes through here, so that none of it can be missing from the log. */
class ServerEdits {
  readonly #map: Y.Map<unknown>
  written = false

  constructor(doc: Y.Doc) {
    this.#map = doc.getMap(ROOT)
  }

  /** Gives a key its value; `undefined` deletes it. */
  put(key: string, value: Plain | undefined): void {
    this.written = true
    if (value === undefined) this.#map.delete(key)
    else this.#map.set(key, value)
  }
}

function settleAll(
  replica: Replica,
  keys: ReadonlySet<string | null> = new Set(),
  update: Inspection,
  writer: Writer,
): Settled {
  const changes: KeyChange[] = []
  const refusals: Refused[] = []
  const edits = new ServerEdits(replica.doc)
  const given = givenBy(replica, keys, update)
  for (const key of inOrder(given, keys)) {
    const { change, refusal } = settle(replica, key, given.get(key), { writer, update, edits })
    if (change) changes.push(change)
    if (refusal) refusals.push(refusal)
  }
  return { changes, refusals, rewritten: edits.written }
}

/** The value that an update gives each key: what stands there now, or what only lost to a correction. */
function givenBy(
  replica: Replica,
  keys: ReadonlySet<string | null>,
  update: Inspection,
): Map<string, Plain | undefined> {
  const overruling = [...keys].filter((key): key is string => key !== null && isCorrected(replica, key))
  const lost = overruling.length > 0 ? writtenBy(replica.doc, update) : new Map<string, Plain>()
  const given = new Map<string, Plain | undefined>()
  for (const key of keys) if (key !== null) given.set(key, replica.map.get(key) as Plain | undefined)
  for (const key of overruling) if (lost.has(key)) given.set(key, lost.get(key))
  return given
}

/**
 * Does a key say what it says because something was refused? Then a correction stands there, or the refused item itself,
 * deleted since nothing stood before it. What saw it would have won.
 */
function isCorrected({ map, values }: Replica, key: string): boolean {
  const item = map._map.get(key)!
  return item.deleted ? !values.has(key) : isCorrectionClient(item.id.client)
}

/** What an update wrote under each key, whether it stands or not: the last value of a client that this did not delete again. */
function writtenBy(doc: Y.Doc, { clients, deleted }: Inspection): Map<string, Plain> {
  const written = new Map<string, Plain>()
  for (const { client, from } of clients) {
    const own = new Map<string, Plain | undefined>()
    const structs = doc.store.clients.get(client)!
    for (let i = Y.findIndexSS(structs, from); i < structs.length; i++) {
      const item = structs[i]!
      if (!(item instanceof Y.Item) || item.parentSub === null) continue
      const isKept = item.content instanceof Y.ContentAny && !isIn(deleted.get(client), item.id.clock)
      own.set(item.parentSub, isKept ? ((item.content as Y.ContentAny).arr[0] as Plain) : undefined)
    }
    for (const [key, value] of own) if (value !== undefined) written.set(key, value)
  }
  return written
}

const isIn = (ranges: readonly { clock: number; len: number }[] = [], clock: number): boolean =>
  ranges.some((range) => range.clock <= clock && clock < range.clock + range.len)

/** An update that is judged: whose it is, and what the server writes over it. */
interface Judged {
  readonly writer: Writer
  readonly update: Inspection
  readonly edits: ServerEdits
}

function settle(
  replica: Replica,
  key: string,
  given: Plain | undefined,
  { writer, update, edits }: Judged,
): { change?: KeyChange; refusal?: Refused } {
  const { map, values } = replica
  const { id, field } = readKey(key)!
  const before = values.get(key)
  // a concurrent value won, or the same was written again
  if (sameValue(before, given)) {
    const isAgain = before !== undefined && isNewIn(update, map._map.get(key)!)
    // written by somebody who may not, it must not overrule anybody
    if (isAgain && judge(replica, id, field, given, writer).code) edits.put(key, before)
    return {}
  }
  const { value, code } = judge(replica, id, field, given, writer)
  const stands = code ? before : value
  if (!sameValue(stands, map.get(key))) edits.put(key, stands)
  const change = code ? null : accept(replica, { id, field, before, after: stands }, writer.account)
  return { ...(change && { change }), ...(code && { refusal: refusalOf(key, field, code, given) }) }
}

const isNewIn = ({ clients }: Inspection, { id }: Y.Item): boolean =>
  clients.some(({ client, from }) => client === id.client && id.clock >= from)

const refusalOf = (key: string, field: Field | null, code: ProblemCode, value: Plain | undefined): Refused => ({
  refusal: { key, code, details: detailsOf(field, value), aside: newId() },
  value,
})

/** What the sentence to the sender names: the attribute, or the label that was given. */
function detailsOf(field: Field | null, given: Plain | undefined): ProblemDetails {
  const label = field === 'label' ? given : field === null ? readRecord(given)?.content.label : null
  const code = field === null || field === 'label' ? label : attributeOfField(field)
  return typeof code === 'string' && code.length <= 64 ? { code } : {}
}

type Verdict = { readonly value: Plain | undefined; readonly code: ProblemCode | null }
const refused = (code: ProblemCode): Verdict => ({ value: undefined, code })

function judge(replica: Replica, id: string, field: Field | null, given: Plain | undefined, writer: Writer): Verdict {
  if (writer.shut) return refused(writer.shut)
  // nobody deletes a key
  if (given === undefined) return refused('annotation_malformed')
  return field === null ? judgeRecord(replica, id, given) : judgeField(replica, id, field, given, writer)
}

function judgeRecord({ annotations, rules, values }: Replica, id: string, given: Plain): Verdict {
  const record = readRecord(given)
  const content = record && contentWithoutDefaults(rules.labels, record.content)
  if (annotations.has(id)) {
    // a page sends again what it does not know to be stored, in the form in which it made it
    const again = content && toRecord(content, null)
    return sameValue(again, values.get(id)) ? { value: values.get(id), code: null } : refused('annotation_exists')
  }
  if (!content) return refused('annotation_malformed')
  const code = faultOfMaking(content, rules)
  if (code) return refused(code)
  if (content.kind === 'relation' && !(annotations.has(content.from) && annotations.has(content.to)))
    return refused('annotation_gone')
  // there are no change sets yet, so none is known
  return { value: toRecord(content, null), code: null }
}

function judgeField(replica: Replica, id: string, field: Field, given: Plain, writer: Writer): Verdict {
  const { annotations, creators, rules } = replica
  const now = annotations.get(id)
  if (!now) return refused('annotation_gone')
  const attribute = attributeOfField(field)
  const next = withField(now, field, given)
  if (!next) return refused('annotation_malformed')
  if (field === 'gone' && creators.get(id) !== writer.account && !can(writer.role, 'removeAny'))
    return refused('own_only')
  // doubt may be said of anything: it is no part of what was approved
  if (field !== 'unsure' && writer.locked.has(id) && !can(writer.role, 'decide')) return refused('locked')
  if ((field === 'from' || field === 'to') && !annotations.has(given as string)) return refused('annotation_gone')
  const code = faultOfField(next, field, rules)
  if (code) return refused(code)
  if (attribute === null) return { value: given, code: null }
  return { value: withoutDefault(rules.labels, attribute, given as AttributeValue | null), code: null }
}

/**
 * Lets `edit` write by the document's verbs in the server's own name, and takes what it wrote as accepted. Its client id is
 * not that of corrections: what had not seen it may lose to it.
 */
export async function applyOwn(replica: Replica, account: string, edit: () => void | Promise<void>): Promise<Applied> {
  const { doc } = replica
  const updates: Uint8Array[] = []
  const onUpdate = (update: Uint8Array) => {
    replica.ahead = true
    updates.push(update)
  }
  const watch = new KeyWatch(replica)
  doc.on('update', onUpdate)
  doc.clientID = replica.serverClients.writes
  try {
    await edit()
  } finally {
    doc.clientID = replica.serverClients.corrections
    doc.off('update', onUpdate)
    watch.stop()
  }
  const changes = watch.accept(account)
  return { account, update: updates.length === 0 ? null : Y.mergeUpdates(updates), changes, refusals: [] }
}
