import { sql, type Kysely } from 'kysely'

/**
 * What the live room needs to last: a snapshot a layer (the log before it may go), what a refusal took away from its
 * writer, and whether an article's counts have moved since pages were told of them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
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
