import { sql } from 'kysely'

/** What a project is opened for: an account, in the bounds of its session. */
export interface Reader {
  readonly id: string
  /**
   * The owner by whose one-time link this session began: it reaches only projects that this account owns at the moment.
   * Null for a session that reaches all projects of its account.
   */
  readonly within: string | null
}

/**
 * Whether a session reaches the project of a row of `member` (or of what stands for it in the statement). This is the one place that bounds a session by an owner's
 * link to the projects of that owner; all routes and sockets ask `membership`, and lists use it in their own statement.
 */
export const reaches = ({ within }: Reader, member = 'member') =>
  within === null
    ? sql<boolean>`true`
    : sql<boolean>`exists (
        select 1 from member as maker
        where maker.project = ${sql.ref(`${member}.project`)} and maker.account = ${within}
          and maker.role = 'owner' and maker.left_at is null
      )`
