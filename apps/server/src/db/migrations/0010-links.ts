import { sql, type Kysely } from 'kysely'

/**
 * A session knows the link that it began with and the owner who made that link; a link knows its note and when its use was
 * read by the account; an account may have a sign-in name. Sessions of the release before that began with an owner's link
 * become such sessions: they end 12 hours after their start and reach only that owner's projects.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table account add column sign_in_name text unique check (sign_in_name = lower(sign_in_name))`,
  `alter table ticket add column note text, add column seen_at timestamptz`,
  `create index ticket_account on ticket (account) where account is not null`,
  `alter table session
    add column ticket text references ticket (id) on delete set null,
    add column made_by text references account`,
  `update ticket set seen_at = used_at
    where kind = 'sign-in' and used_at < now() - interval '30 days'`,
  `update session s set ticket = t.id, made_by = t.made_by,
      expires_at = case when t.made_by is null then s.expires_at
        else least(s.expires_at, s.created_at + interval '12 hours') end
    from ticket t
    where t.kind = 'sign-in' and t.account = s.account and t.used_at is not null
      and s.created_at between t.used_at - interval '1 second' and t.used_at + interval '1 minute'`,
]
