import type { Db } from '../db/open.ts'
import type { NewRow } from '../db/tables.ts'
import type { Trx } from './store.ts'

const MOST = 500

/** What is set aside of an article and waits: an account's own and, for reviewers, what others handed over. */
export const openAsides = (db: Db, article: string, account: string, { handed }: { handed: boolean }) =>
  db
    .selectFrom('set_aside as s')
    .innerJoin('layer as l', 'l.id', 's.layer')
    .innerJoin('revision as r', 'r.id', 'l.revision')
    .select(['s.id', 's.layer', 's.account', 's.key', 's.value', 's.code', 's.details', 's.at', 's.handed_at'])
    .where('r.article', '=', article)
    .where('s.resolved_at', 'is', null)
    .where((eb) => eb.or([eb('l.owner', 'is', null), eb('l.owner', '=', account)]))
    .where((eb) =>
      eb.or([
        eb('s.account', '=', account),
        ...(handed ? [eb.and([eb('s.handed_at', 'is not', null), eb('l.owner', 'is', null)])] : []),
      ]),
    )
    .orderBy('s.at')
    .orderBy('s.id')
    .limit(MOST)
    .execute()

/** One row with where it belongs, locked for the act; undefined if there is none, or its article is nobody's to see. */
export const asideForAct = (trx: Trx, id: string) =>
  trx
    .selectFrom('set_aside as s')
    .innerJoin('layer as l', 'l.id', 's.layer')
    .innerJoin('revision as r', 'r.id', 'l.revision')
    .innerJoin('article as a', 'a.id', 'r.article')
    .select(['s.id', 's.account', 's.key', 's.code', 's.handed_at', 's.resolved_at', 'l.owner'])
    .select(['a.id as article', 'a.project'])
    .where('s.id', '=', id)
    .forUpdate('s')
    .executeTakeFirst()

export const countOpenAsides = async (db: Db, article: string, account: string): Promise<number> => {
  const { n } = await db
    .selectFrom('set_aside as s')
    .innerJoin('layer as l', 'l.id', 's.layer')
    .innerJoin('revision as r', 'r.id', 'l.revision')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('r.article', '=', article)
    .where('s.account', '=', account)
    .where('s.resolved_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Stores one; what is there under this id already stays. */
export const insertAside = (trx: Trx, row: NewRow<'set_aside'>) =>
  trx
    .insertInto('set_aside')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()

export const markHanded = (trx: Trx, id: string, at: Date) =>
  trx.updateTable('set_aside').set({ handed_at: at }).where('id', '=', id).execute()

export const markResolved = (trx: Trx, id: string, by: string, how: 'again' | 'dropped', at: Date) =>
  trx.updateTable('set_aside').set({ resolved_at: at, resolved_by: by, how }).where('id', '=', id).execute()
