import { sql, type Kysely } from 'kysely'

/**
 * What the live room needs to last: a snapshot a layer (the log before it may go), what a refusal took away from its
 * writer, and whether an article's counts have moved since pages were told of them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/** What may change between two writes of a layer, in one row a layer. */
const standing = `create view layer_standing as
  select l.id as layer, a.project, l.state, a.withdrawn_at is not null as withdrawn,
    (select max(s.no) from label_set s where s.project = a.project) as label_set,
    coalesce((p.settings->>'lockApproved')::boolean, false) as locks_approved,
    exists (select from closing c where c.layer = l.id) as closed,
    exists (select from decision d where d.layer = l.id) as decided
  from layer l
  join revision r on r.id = l.revision
  join article a on a.id = r.article
  join project p on p.id = a.project`

/**
 * Begins a flush in one round trip: locks the heads of layers, each with its project's label set, leaves out what somebody
 * else holds, and reads, by statements that see all that was committed before the locks, how each layer stands and which
 * roles these accounts have.
 */
const begin = `create function tamga_begin_flush(wanted text[], accounts text[])
  returns table (
    layer text, epoch int, seq bigint, state text, withdrawn boolean, label_set int, locks_approved boolean,
    closed boolean, decided boolean, roles json
  ) language plpgsql as $$
  #variable_conflict use_column
  declare held text[];
  begin
    select array_agg(one.layer) into held from (
      select h.layer from layer_head h
      join layer l on l.id = h.layer join revision r on r.id = l.revision
      join article a on a.id = r.article join project p on p.id = a.project
      where h.layer = any (wanted) order by h.layer
      for update of h skip locked for key share of p skip locked
    ) one;
    return query
      select h.layer, h.epoch, h.seq, s.state, s.withdrawn, s.label_set, s.locks_approved, s.closed, s.decided,
        (select json_object_agg(m.account, m.role) from member m
          where m.project = s.project and m.account = any (accounts) and m.left_at is null)
      from layer_head h join layer_standing s on s.layer = h.layer
      where h.layer = any (held);
  end $$`

const statements = [
  standing,
  begin,
  `create table layer_snapshot (
    layer text primary key references layer on delete cascade,
    epoch int not null,
    seq bigint not null,
    state bytea not null,
    at timestamptz not null default now()
  )`,
  `create table set_aside (
    id text primary key,
    layer text not null references layer on delete cascade,
    account text not null references account,
    key text not null,
    value jsonb,
    code text not null,
    details jsonb not null default '{}',
    at timestamptz not null default now(),
    handed_at timestamptz,
    resolved_at timestamptz,
    resolved_by text references account,
    how text check (how in ('again', 'dropped'))
  )`,
  `create index set_aside_open on set_aside (layer, account, at) where resolved_at is null`,
  `alter table article_stats add column untold boolean not null default false`,
  `create index article_stats_untold on article_stats (article) where untold`,
]
