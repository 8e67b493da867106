import { describeRange, digestOf } from '@tamga/model'
import type { KeyChange } from './accept.ts'
import type { Applied } from './apply.ts'
import type { Replica } from './replica.ts'
import type { AnnotationRow, FlushRows } from './store.ts'

type Written = Applied & { readonly update: Uint8Array }

/** What one flush adds to the database for one layer, numbered on from the copy's place in the log: one log row an update. */
export type LayerRows = Pick<FlushRows, 'log' | 'changes' | 'annotations' | 'asides'>

export function rowsOf(replica: Replica, applied: readonly Applied[], at: Date): LayerRows {
  const written = applied.filter((one): one is Written => one.update !== null)
  return {
    log: logOf(replica, written, at),
    changes: changesOf(replica, written, at),
    annotations: annotationsOf(replica, written, at),
    asides: asidesOf(replica, applied, at),
  }
}

const logOf = ({ info: { layer }, seq, epoch }: Replica, written: readonly Written[], at: Date) =>
  written.map(({ account, update }, i) => {
    const data = Buffer.from(update.buffer, update.byteOffset, update.byteLength).toString('base64')
    return { layer, seq: seq + 1 + i, epoch, account, at, data }
  })

const changesOf = ({ info: { layer }, seq }: Replica, written: readonly Written[], at: Date) =>
  written.flatMap(({ account, changes }, i) =>
    changes.map((change, n) => ({ layer, seq: seq + 1 + i, n, account, at, ...changeOf(change) })),
  )

// each value alone in a list: what is not there differs from what is null
const changeOf = ({ id, field, before, after }: KeyChange) => ({
  annotation: id,
  key: field ?? '',
  before: before === undefined ? null : [before],
  after: after === undefined ? null : [after],
})

const asidesOf = ({ info: { layer } }: Replica, applied: readonly Applied[], at: Date) =>
  applied.flatMap(({ account, refusals }) =>
    refusals.map(({ refusal: { aside, key, code, details }, value }) => ({
      ...{ id: aside, layer, account, key, code, details, at },
      value: value === undefined ? null : [value],
    })),
  )

function annotationsOf(replica: Replica, applied: readonly Applied[], at: Date): AnnotationRow[] {
  const touches = new Map<string, number>()
  for (const { changes } of applied)
    for (const id of new Set(changes.map((change) => change.id))) touches.set(id, (touches.get(id) ?? 0) + 1)
  return [...touches].map(([id, version]) => ({ ...annotationOf(replica, id), version, at }))
}

function annotationOf({ info, annotations, creators, editors }: Replica, id: string) {
  const { content, via, unsure, gone } = annotations.get(id)!
  const anchors = content.kind === 'span' ? content.ranges.map((range) => describeRange(info.text, range)) : null
  return {
    ...{ layer: info.layer, id, kind: content.kind, content, via, unsure, gone },
    digest: digestOf(content, info.text),
    creator: creators.get(id)!,
    last_editor: editors.get(id)!,
    anchor: anchors,
  }
}

/**
 * By how much an article's counts move, where nothing of what was touched was ever decided: what is there and not gone
 * counts as annotated, and as waiting.
 */
export function countsMoved({ annotations }: Replica, applied: readonly Applied[]): number {
  const made = new Map<string, boolean>()
  const wasGone = new Map<string, boolean>()
  for (const { id, field, before } of applied.flatMap(({ changes }) => changes)) {
    if (!made.has(id)) made.set(id, field === null)
    if (field === 'gone' && !wasGone.has(id)) wasGone.set(id, before === true)
  }
  let moved = 0
  for (const [id, isNew] of made) {
    const { gone } = annotations.get(id)!
    const stood = !isNew && !(wasGone.get(id) ?? gone)
    moved += Number(!gone) - Number(stood)
  }
  return moved
}
