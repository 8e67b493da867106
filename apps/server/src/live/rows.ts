import { describeRange, digestOf } from '@tamga/model'
import { json } from '../db/json.ts'
import type { NewRow } from '../db/tables.ts'
import type { Applied, KeyChange } from './apply.ts'
import type { Replica } from './replica.ts'

/** What one flush adds to the database, numbered on from the head: one log row an update. */
export interface Rows {
  readonly log: NewRow<'layer_log'>[]
  readonly changes: NewRow<'change'>[]
  readonly annotations: NewRow<'annotation'>[]
}

/** The rows of what was applied, in order, numbered from the replica's place in the log. */
export function rowsOf(replica: Replica, applied: readonly Applied[], at: Date): Rows {
  const { layer } = replica.ground
  const written = applied.filter((one): one is Applied & { update: Uint8Array } => one.update !== null)
  const log = written.map(({ account, update }, i) => ({
    ...{ layer, seq: replica.seq + 1 + i, epoch: replica.epoch, account, at },
    data: Buffer.from(update),
  }))
  const changes = written.flatMap(({ account, changes: list }, i) =>
    list.map((change, n) => ({ layer, seq: replica.seq + 1 + i, n, account, at, ...changeOf(change) })),
  )
  return { log, changes, annotations: annotationsOf(replica, written, at) }
}

const changeOf = ({ id, field, before, after }: KeyChange) => ({
  annotation: id,
  key: field ?? '',
  before: before === undefined ? null : json([before]),
  after: after === undefined ? null : json([after]),
})

function annotationsOf(replica: Replica, applied: readonly Applied[], at: Date): NewRow<'annotation'>[] {
  const touches = new Map<string, number>()
  for (const { changes } of applied)
    for (const id of new Set(changes.map((change) => change.id))) touches.set(id, (touches.get(id) ?? 0) + 1)
  return [...touches].map(([id, version]) => ({ ...annotationOf(replica, id, at), version }))
}

function annotationOf({ ground, annotations, creators, editors }: Replica, id: string, at: Date): NewRow<'annotation'> {
  const { content, via, unsure, gone } = annotations.get(id)!
  const anchors = content.kind === 'span' ? content.ranges.map((range) => describeRange(ground.text, range)) : null
  return {
    ...{ layer: ground.layer, id, kind: content.kind, content: json(content), via, unsure },
    digest: digestOf(content, ground.text),
    creator: creators.get(id)!,
    last_editor: editors.get(id)!,
    anchor: anchors && json(anchors),
    created_at: at,
    changed_at: at,
    gone_at: gone ? at : null,
  }
}
