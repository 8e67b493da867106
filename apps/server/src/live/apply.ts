import {
  contentWithoutDefaults,
  attributeOfField,
  faultOfField,
  faultOfMaking,
  readKey,
  readRecord,
  ROOT,
  sameValue,
  toRecord,
  withField,
  withoutDefault,
  type Field,
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
 * refused new key goes.
 */
export type Apply = (bytes: Uint8Array, writer: Writer) => Settled

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
      act((bytes, writer) => {
        replica.ahead = true
        // what is noted from here on is this update's
        changed.delete(map as never)
        Y.applyUpdate(doc, bytes)
        // else Yjs thinks, at the first correction, that another document writes under the server's id
        transaction.local = true
        const settled = settleAll(replica, changed.get(map as never), writer, new ServerEdits(doc))
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
  keys: ReadonlySet<string | null> | undefined,
  writer: Writer,
  edits: ServerEdits,
): Settled {
  const changes: KeyChange[] = []
  const refusals: Refused[] = []
  for (const key of inOrder(replica.map, keys)) {
    const { change, refusal } = settle(replica, key, writer, edits)
    if (change) changes.push(change)
    if (refusal) refusals.push(refusal)
  }
  return { changes, refusals, rewritten: edits.written }
}

function settle(
  replica: Replica,
  key: string,
  writer: Writer,
  edits: ServerEdits,
): { change?: KeyChange; refusal?: Refused } {
  const { map, values } = replica
  const { id, field } = readKey(key)!
  const before = values.get(key)
  const given = map.get(key) as Plain | undefined
  // a concurrent value won, or the same was written again
  if (sameValue(before, given)) return {}
  const { value, code } = judge(replica, id, field, given, writer)
  const stands = code ? before : value
  if (!sameValue(stands, given)) edits.put(key, stands)
  const change = code ? null : accept(replica, { id, field, before, after: stands }, writer.account)
  return { ...(change && { change }), ...(code && { refusal: refusalOf(key, field, code, given) }) }
}

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

function judgeRecord({ annotations, rules }: Replica, id: string, given: Plain): Verdict {
  if (annotations.has(id)) return refused('annotation_exists')
  const record = readRecord(given)
  if (!record) return refused('annotation_malformed')
  const content = contentWithoutDefaults(rules.labels, record.content)
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

/** Lets `edit` write by the document's verbs in the server's own name, and takes what it wrote as accepted. */
export async function applyOwn(replica: Replica, account: string, edit: () => void | Promise<void>): Promise<Applied> {
  const { doc } = replica
  const updates: Uint8Array[] = []
  const onUpdate = (update: Uint8Array) => {
    replica.ahead = true
    updates.push(update)
  }
  const watch = new KeyWatch(replica)
  doc.on('update', onUpdate)
  try {
    await edit()
  } finally {
    doc.off('update', onUpdate)
    watch.stop()
  }
  const changes = watch.accept(account)
  return { account, update: updates.length === 0 ? null : Y.mergeUpdates(updates), changes, refusals: [] }
}
