import { sql, type Kysely } from 'kysely'

/**
 * How things end: when a project was deleted and by whom (it is hidden from then on, and removed later), and when an
 * article's text was erased. `erasing` is true while rows that still hold something of the text are left to clear.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table project add column deleted_at timestamptz, add column deleted_by text references account`,
  `create index project_deleted on project (deleted_at) where deleted_at is not null`,
  `alter table article add column erased_at timestamptz, add column erased_by text references account,
    add column erasing boolean not null default false`,
  `create index article_erasing on article (id) where erasing`,
  // nothing of a deleted project is anybody's to see
  `create or replace view visible_article as
    select a.* from article a join project p on p.id = a.project left join import i on i.id = a.import
    where p.deleted_at is null and (a.import is null or i.state = 'published')`,
  // and nothing in it is written any more
  `create or replace view layer_standing as
    select l.id as layer, a.project, l.state, (a.withdrawn_at is not null or p.deleted_at is not null) as withdrawn,
      (select max(s.no) from label_set s where s.project = a.project) as label_set,
      coalesce((p.settings->>'lockApproved')::boolean, false) as locks_approved,
      exists (select from closing c where c.layer = l.id) as closed,
      exists (select from decision d where d.layer = l.id) as decided
    from layer l
    join revision r on r.id = l.revision
    join article a on a.id = r.article
    join project p on p.id = a.project`,
]
