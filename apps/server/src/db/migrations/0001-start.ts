import { sql, type Kysely } from 'kysely'

/** The tables that people, projects, articles, the live room, review and gold stand on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const people = [
  `create table account (
    id text primary key,
    kind text not null default 'person' check (kind in ('person', 'machine', 'imported')),
    email text unique check (email = lower(email)),
    name text not null,
    colour int not null,
    password_hash text,
    demo text unique,
    created_at timestamptz not null default now(),
    closed_at timestamptz
  )`,
  `create table session (
    id_hash text primary key,
    account text not null references account on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
  )`,
  `create index session_account on session (account)`,
  `create table project (
    id text primary key,
    name text not null,
    settings jsonb not null,
    created_at timestamptz not null default now()
  )`,
  `create table member (
    project text not null references project,
    account text not null references account,
    role text not null check (role in ('viewer', 'annotator', 'reviewer', 'owner')),
    pseudonym text not null,
    reads text[],
    joined_at timestamptz not null default now(),
    left_at timestamptz,
    primary key (project, account),
    unique (project, pseudonym)
  )`,
  `create index member_account on member (account)`,
  `create table ticket (
    hash text primary key,
    id text not null unique,
    kind text not null check (kind in ('sign-in', 'invite', 'first-owner')),
    account text references account,
    project text references project,
    role text check (role in ('viewer', 'annotator', 'reviewer', 'owner')),
    made_by text references account,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz
  )`,
]

const labels = [
  `create table label_set (
    project text not null references project,
    no int not null,
    content jsonb not null,
    account text references account,
    at timestamptz not null default now(),
    primary key (project, no)
  )`,
  `create table label (
    project text not null references project,
    kind text not null check (kind in ('label', 'attribute', 'relation')),
    id text not null,
    type text,
    merged_into text,
    retired_at timestamptz,
    primary key (project, kind, id)
  )`,
]

const articles = [
  `create table import (
    id text primary key,
    project text not null references project,
    account text not null references account,
    state text not null check (state in ('staging', 'published', 'discarded')),
    report jsonb not null,
    created_at timestamptz not null default now(),
    published_at timestamptz
  )`,
  `create table article (
    id text primary key,
    project text not null references project,
    n bigint generated always as identity,
    external_id text,
    title text not null,
    language text,
    date date,
    source text,
    licence text,
    "group" text,
    meta jsonb not null default '{}',
    import text references import,
    created_at timestamptz not null default now(),
    withdrawn_at timestamptz,
    withdrawn_reason text
  )`,
  `create index article_project on article (project, n)`,
  `create index article_import on article (import)`,
  `create index article_external on article (project, external_id) where external_id is not null`,
  `create table article_stats (
    article text primary key references article on delete cascade,
    annotated int not null default 0,
    waiting int not null default 0,
    approved int not null default 0
  )`,
  `create table revision (
    id text primary key,
    article text not null references article on delete cascade,
    no int not null,
    sha256 text not null,
    body text not null,
    code_points int not null,
    tokens jsonb not null,
    sentences jsonb not null,
    segmenter int not null,
    created_at timestamptz not null default now(),
    unique (article, no)
  )`,
  `create table revision_chunk (
    revision text not null references revision on delete cascade,
    no int not null,
    body text not null,
    primary key (revision, no)
  )`,
  // staged articles are nobody's to see before their import is published
  `create view visible_article as
    select a.* from article a left join import i on i.id = a.import
    where a.import is null or i.state = 'published'`,
]

const layers = [
  `create table layer (
    id text primary key,
    revision text not null references revision on delete cascade,
    owner text references account,
    state text not null default 'open' check (state in ('open', 'frozen', 'superseded')),
    digest text,
    unique nulls not distinct (revision, owner)
  )`,
  `create table layer_head (
    layer text primary key references layer on delete cascade,
    epoch int not null default 1,
    seq bigint not null default 0,
    snapshot_seq bigint not null default 0
  )`,
  `create table layer_log (
    layer text not null references layer on delete cascade,
    seq bigint not null,
    epoch int not null,
    account text not null references account,
    at timestamptz not null default now(),
    data bytea not null,
    primary key (layer, seq)
  )`,
  `create table layer_client (
    layer text not null references layer on delete cascade,
    epoch int not null,
    client bigint not null,
    account text not null references account,
    primary key (layer, epoch, client)
  )`,
  `create table annotation (
    layer text not null references layer on delete cascade,
    id text not null,
    kind text not null check (kind in ('span', 'relation', 'article')),
    content jsonb not null,
    digest text not null,
    creator text not null references account,
    last_editor text not null references account,
    version int not null default 1,
    unsure boolean not null default false,
    via text,
    anchor jsonb,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    gone_at timestamptz,
    primary key (layer, id)
  )`,
  `create table change (
    layer text not null references layer on delete cascade,
    seq bigint not null,
    n int not null,
    annotation text not null,
    key text not null,
    before jsonb,
    after jsonb,
    account text not null references account,
    at timestamptz not null default now(),
    change_set text,
    primary key (layer, seq, n)
  )`,
  `create index change_annotation on change (layer, annotation, seq, n)`,
  `create table closing (
    layer text primary key references layer on delete cascade,
    reviewer text not null references account,
    at timestamptz not null default now()
  )`,
]

const review = [
  `create table decision (
    id text primary key,
    n bigint generated always as identity unique,
    layer text not null references layer,
    annotation text not null,
    account text not null references account,
    verdict text not null check (verdict in ('approve', 'reject', 'carried')),
    digest text not null,
    reason text,
    note text,
    act text not null default 'decide' check (act in ('decide', 'amend', 'missed')),
    label_set_no int not null,
    guideline_no int,
    from_decision text references decision,
    at timestamptz not null default now(),
    foreign key (layer, annotation) references annotation (layer, id)
  )`,
  `create index decision_annotation on decision (layer, annotation, n)`,
  `create function tamga_multirange(starts int[], ends int[]) returns int4multirange language sql immutable as
    'select coalesce(range_agg(int4range(s, e)), ''{}''::int4multirange) from unnest(starts, ends) as r(s, e)'`,
  `create table gold (
    project text not null references project,
    annotation text not null,
    from_cut bigint not null,
    to_cut bigint,
    layer text not null references layer,
    revision text not null references revision,
    kind text not null,
    starts int[] not null,
    ends int[] not null,
    quotes text[] not null,
    label text not null,
    attributes jsonb not null,
    from_end text,
    to_end text,
    digest text not null,
    decision text not null references decision,
    supporters text[] not null,
    extent int4multirange generated always as (tamga_multirange(starts, ends)) stored,
    primary key (project, annotation, from_cut),
    check (cardinality(starts) = cardinality(ends) and cardinality(starts) = cardinality(quotes)),
    check (to_cut is null or to_cut > from_cut)
  )`,
  `create unique index gold_stands on gold (layer, annotation) where to_cut is null`,
  `create index gold_revision on gold (revision, from_cut)`,
  `create index gold_layer on gold (layer)`,
  // the slice [from, upto) in code points, read from the chunks it touches (4,096 code points each)
  `create function tamga_slice(rev text, from_point int, upto int) returns text language sql stable as $$
    select substr(string_agg(body, '' order by no), from_point - (from_point / 4096) * 4096 + 1, upto - from_point)
    from revision_chunk where revision = rev and no between from_point / 4096 and (upto - 1) / 4096
  $$`,
  `create function tamga_gold_quotes() returns trigger language plpgsql as $$
    begin
      for i in 1 .. cardinality(new.starts) loop
        if new.starts[i] < 0 or new.ends[i] <= new.starts[i]
          or char_length(new.quotes[i]) <> new.ends[i] - new.starts[i]
          or tamga_slice(new.revision, new.starts[i], new.ends[i]) is distinct from new.quotes[i] then
          raise exception 'gold % of layer %: the text at [%, %) is not its quote', new.annotation, new.layer, new.starts[i], new.ends[i]
            using errcode = 'check_violation';
        end if;
      end loop;
      return new;
    end
  $$`,
  `create trigger gold_quotes before insert or update of revision, starts, ends, quotes on gold
    for each row execute function tamga_gold_quotes()`,
]

const journal = [
  `create table clock (scope text primary key, n bigint not null)`,
  `create table fact (
    scope text not null,
    n bigint not null,
    kind text not null,
    payload jsonb not null,
    at timestamptz not null default now(),
    primary key (scope, n)
  )`,
  `create table audit (
    id bigint generated always as identity primary key,
    project text references project,
    account text references account,
    act text not null,
    subject text,
    before jsonb,
    after jsonb,
    at timestamptz not null default now()
  )`,
  `create index audit_project on audit (project, id)`,
]

const statements = [...people, ...labels, ...articles, ...layers, ...review, ...journal]
