import type {
  Attributes,
  ArticleMeta,
  Content,
  Anchor,
  LabelSet,
  Language,
  Plain,
  ProblemCode,
  ProblemDetails,
  Reason,
  Role,
  Settings,
  Verdict,
} from '@tamga/model'
import type { ColumnType, Generated, GeneratedAlways, Insertable, JSONColumnType, Selectable } from 'kysely'

type Instant = ColumnType<Date, Date | undefined, Date>
type InstantOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
/** A JSON column: rows come back parsed, values go in as text (`JSON.stringify`). */
type Json<T> = ColumnType<T, string, string>

interface AccountTable {
  id: string
  kind: Generated<'person' | 'machine' | 'imported'>
  /** Lower case, unique; so is the sign-in name. A person has one of them at least. */
  email: string | null
  sign_in_name: string | null
  name: string
  colour: number
  password_hash: string | null
  /** The key of a demo person, who may be signed in by one click on loopback; null for everybody else. */
  demo: string | null
  created_at: Instant
  closed_at: InstantOrNull
}

interface SessionTable {
  id_hash: string
  account: string
  created_at: Instant
  expires_at: Date
  /** The id of the one-time link that it began with; null for a password. */
  ticket: string | null
  /** The owner who made that link: the session reaches only projects that this account owns. */
  made_by: string | null
}

interface TicketTable {
  hash: string
  id: string
  kind: 'sign-in' | 'invite' | 'first-owner'
  account: string | null
  project: string | null
  role: Role | null
  made_by: string | null
  created_at: Instant
  expires_at: Date
  used_at: InstantOrNull
  revoked_at: InstantOrNull
  note: string | null
  /** When its account read that it was used, in a session made by its own password. */
  seen_at: InstantOrNull
}

interface ProjectTable {
  id: string
  name: string
  settings: Json<Settings>
  created_at: Instant
  /** The last layer whose gold followed the newest settings; '' before the first, null when all did. */
  refreshed_to: Generated<string | null>
  /** Since then it is hidden from everybody; it is removed for good a while later. */
  deleted_at: InstantOrNull
  deleted_by: Generated<string | null>
}

interface MemberTable {
  project: string
  account: string
  role: Role
  pseudonym: string
  reads: string[] | null
  joined_at: Instant
  left_at: InstantOrNull
}

interface LabelSetTable {
  project: string
  no: number
  content: Json<LabelSet>
  account: string | null
  at: Instant
}

interface LabelTable {
  project: string
  kind: 'label' | 'attribute' | 'relation'
  id: string
  type: string | null
  merged_into: string | null
  retired_at: InstantOrNull
}

interface ImportTable {
  id: string
  project: string
  account: string
  state: 'staging' | 'published' | 'discarded'
  report: Json<unknown>
  created_at: Instant
  published_at: InstantOrNull
}

interface ArticleTable {
  id: string
  project: string
  n: GeneratedAlways<number>
  external_id: string | null
  title: string
  language: Language | null
  /** YYYY-MM-DD */
  date: string | null
  source: string | null
  licence: string | null
  group: string | null
  meta: Json<ArticleMeta['meta']>
  import: string | null
  created_at: Instant
  withdrawn_at: InstantOrNull
  withdrawn_reason: string | null
  /** Since then nothing of its text is here any more; ids, accounts, times, verdicts and counts are. */
  erased_at: InstantOrNull
  erased_by: Generated<string | null>
  /** True while rows that hold something of the text are left to clear. */
  erasing: Generated<boolean>
}

interface ArticleStatsTable {
  article: string
  annotated: Generated<number>
  waiting: Generated<number>
  approved: Generated<number>
  /** True while pages have not been told of what these counts are now. */
  untold: Generated<boolean>
}

interface RevisionTable {
  id: string
  article: string
  no: number
  sha256: string
  /** Held the text before there were chunks of it alone; neither written nor read, as are the next two. */
  body: Generated<string | null>
  code_points: number
  tokens: Generated<unknown>
  sentences: Generated<unknown>
  /** The version of the rules that cut its tokens and sentences. */
  segmenter: number
  created_at: Instant
}

interface RevisionChunkTable {
  revision: string
  no: number
  body: string
  /** What begins in this chunk, packed (`db/bodies.ts`). */
  tokens: Generated<Buffer>
  sentences: Generated<Buffer>
}

interface LayerTable {
  id: string
  revision: string
  owner: string | null
  state: Generated<'open' | 'frozen' | 'superseded'>
  digest: string | null
}

interface LayerHeadTable {
  layer: string
  epoch: Generated<number>
  seq: Generated<number>
  snapshot_seq: Generated<number>
  /** False until a document that an earlier release wrote was compared with its rows. */
  log_verified: Generated<boolean>
}

/** A view: what may change between two writes of a layer. */
interface LayerStandingTable {
  layer: string
  project: string
  state: 'open' | 'frozen' | 'superseded'
  withdrawn: boolean
  label_set: number | null
  locks_approved: boolean
  /** Somebody signed it off. */
  closed: boolean
  /** Something in it was ever decided. */
  decided: boolean
}

interface LayerLogTable {
  layer: string
  seq: number
  epoch: number
  account: string
  at: Instant
  data: Buffer
}

interface LayerSnapshotTable {
  layer: string
  epoch: number
  seq: number
  state: Buffer
  at: Instant
}

interface SetAsideTable {
  id: string
  layer: string
  account: string
  key: string
  /** The refused value alone in a list; null where a key was to be deleted. */
  value: JSONColumnType<[Plain] | null, string | null, string | null>
  code: ProblemCode
  details: Json<ProblemDetails>
  at: Instant
  /** When its writer gave it to the reviewers. */
  handed_at: InstantOrNull
  resolved_at: InstantOrNull
  resolved_by: string | null
  how: 'again' | 'dropped' | null
}

interface LayerClientTable {
  layer: string
  epoch: number
  client: number
  account: string
}

interface AnnotationTable {
  layer: string
  id: string
  kind: Content['kind']
  content: Json<Content>
  digest: string
  creator: string
  last_editor: string
  version: Generated<number>
  unsure: Generated<boolean>
  via: string | null
  anchor: JSONColumnType<Anchor[] | null, string | null, string | null>
  created_at: Instant
  changed_at: Instant
  gone_at: InstantOrNull
}

interface ChangeTable {
  layer: string
  seq: number
  n: number
  annotation: string
  key: string
  before: JSONColumnType<unknown[] | null, string | null, string | null>
  after: JSONColumnType<unknown[] | null, string | null, string | null>
  account: string
  at: Instant
  change_set: string | null
}

interface ClosingTable {
  layer: string
  reviewer: string
  at: Instant
}

interface DecisionTable {
  id: string
  n: GeneratedAlways<number>
  layer: string
  annotation: string
  account: string
  verdict: Verdict
  digest: string
  reason: Reason | null
  note: string | null
  act: Generated<'decide' | 'amend' | 'missed'>
  label_set_no: number
  guideline_no: number | null
  from_decision: string | null
  at: Instant
}

interface GoldTable {
  project: string
  annotation: string
  from_cut: number
  to_cut: number | null
  layer: string
  revision: string
  kind: Content['kind']
  /** Code points of the revision's text, in the annotator's order. */
  starts: number[]
  ends: number[]
  quotes: string[]
  label: string
  attributes: Json<Attributes>
  from_end: string | null
  to_end: string | null
  digest: string
  decision: string
  supporters: string[]
  extent: GeneratedAlways<string>
}

interface InstallationTable {
  one: GeneratedAlways<boolean>
  id: string
  /** What cookies are signed with, base64url; null until it is first asked for. */
  key: string | null
}

interface ClockTable {
  scope: string
  n: number
}

interface FactTable {
  scope: string
  n: number
  kind: string
  payload: Json<unknown>
  at: Instant
}

interface AuditTable {
  id: GeneratedAlways<number>
  project: string | null
  account: string | null
  act: string
  subject: string | null
  before: JSONColumnType<object | null, string | null, string | null>
  after: JSONColumnType<object | null, string | null, string | null>
  at: Instant
}

export interface Tables {
  account: AccountTable
  session: SessionTable
  ticket: TicketTable
  project: ProjectTable
  member: MemberTable
  label_set: LabelSetTable
  label: LabelTable
  import: ImportTable
  article: ArticleTable
  visible_article: ArticleTable
  article_stats: ArticleStatsTable
  revision: RevisionTable
  revision_chunk: RevisionChunkTable
  layer: LayerTable
  layer_head: LayerHeadTable
  layer_standing: LayerStandingTable
  layer_log: LayerLogTable
  layer_snapshot: LayerSnapshotTable
  set_aside: SetAsideTable
  layer_client: LayerClientTable
  annotation: AnnotationTable
  change: ChangeTable
  closing: ClosingTable
  decision: DecisionTable
  gold: GoldTable
  installation: InstallationTable
  clock: ClockTable
  fact: FactTable
  audit: AuditTable
}

export type Row<T extends keyof Tables> = Selectable<Tables[T]>
export type NewRow<T extends keyof Tables> = Insertable<Tables[T]>
