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

/**
 * Writes what a flush brings, in one round trip and by plans that each connection makes once: the log, what changed, the
 * annotations as they stand, what was set aside, by how much counts move; last it moves the heads on, and fails if one is not
 * where it was.
 */
const write = `create function tamga_write_flush(
    log json, changes json, annotations json, asides json, counts json, heads json
  ) returns void language plpgsql as $$
  declare moved int;
  begin
    insert into layer_log (layer, seq, epoch, account, at, data)
      select r.layer, r.seq, r.epoch, r.account, r.at, decode(r.data, 'base64')
      from json_to_recordset(log)
        as r(layer text, seq bigint, epoch int, account text, at timestamptz, data text);
    insert into change (layer, seq, n, annotation, key, before, after, account, at)
      select r.layer, r.seq, r.n, r.annotation, r.key, r.before, r.after, r.account, r.at
      from json_to_recordset(changes)
        as r(layer text, seq bigint, n int, annotation text, key text, before jsonb, after jsonb, account text, at timestamptz);
    insert into annotation as a (
        layer, id, kind, content, digest, creator, last_editor, version, unsure, via, anchor, created_at, changed_at, gone_at
      )
      select r.layer, r.id, r.kind, r.content, r.digest, r.creator, r.last_editor, r.version, r.unsure, r.via, r.anchor,
        r.at, r.at, case when r.gone then r.at end
      from json_to_recordset(annotations)
        as r(layer text, id text, kind text, content jsonb, digest text, creator text, last_editor text, version int,
          unsure boolean, via text, anchor jsonb, at timestamptz, gone boolean)
      on conflict (layer, id) do update set
        content = excluded.content,
        digest = excluded.digest,
        last_editor = excluded.last_editor,
        version = a.version + excluded.version,
        unsure = excluded.unsure,
        anchor = excluded.anchor,
        changed_at = excluded.changed_at,
        gone_at = case when excluded.gone_at is not null then coalesce(a.gone_at, excluded.gone_at) end;
    if json_array_length(asides) > 0 then
      insert into set_aside (id, layer, account, key, value, code, details, at)
        select r.id, r.layer, r.account, r.key, r.value, r.code, r.details, r.at
        from json_to_recordset(asides)
          as r(id text, layer text, account text, key text, value jsonb, code text, details jsonb, at timestamptz);
    end if;
    if json_array_length(counts) > 0 then
      insert into article_stats as s (article, annotated, waiting, approved, untold)
        select r.article, r.annotated, r.waiting, r.approved, true
        from json_to_recordset(counts) as r(article text, annotated int, waiting int, approved int)
        order by r.article
        on conflict (article) do update set
          annotated = s.annotated + excluded.annotated,
          waiting = s.waiting + excluded.waiting,
          approved = s.approved + excluded.approved,
          untold = true;
    end if;
    update layer_head h set seq = r.upto
      from json_to_recordset(heads) as r(layer text, was bigint, upto bigint)
      where h.layer = r.layer and h.seq = r.was;
    get diagnostics moved = row_count;
    if moved <> json_array_length(heads) then
      raise exception 'only % of % heads are where they were', moved, json_array_length(heads);
    end if;
  end $$`

const statements = [
  standing,
  begin,
  write,
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
