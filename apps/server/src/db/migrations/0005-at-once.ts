import { sql, type Kysely } from 'kysely'

/**
 * Lighter flushes. A whole one in one statement, for the plain case: what it builds on is told, and it writes only if that
 * stands. And what it writes refers to its layer and its people by one look a statement in place of one a row: for each
 * update that was seven looks and seven locks, a fifth of the database's work.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [flush, ...references]) await sql.raw(statement).execute(db)
}

/** `layers` says where each is (open, nothing withdrawn, decided or signed off in it), `members` who writes in which role. */
const flush = `create function tamga_flush(
    layers json, members json, log json, changes json, annotations json, asides json, counts json, heads json
  ) returns boolean language plpgsql as $$
  declare held int;
  begin
    select count(*) into held from (
      select h.layer from json_to_recordset(layers) as r(layer text)
      join layer_head h on h.layer = r.layer
      join layer l on l.id = h.layer join revision v on v.id = l.revision
      join article a on a.id = v.article join project p on p.id = a.project
      order by h.layer
      for update of h skip locked for key share of p skip locked
    ) one;
    if held < json_array_length(layers) then return false; end if;
    perform from json_to_recordset(layers) as r(layer text, epoch int, seq bigint, label_set int)
      join layer_head h on h.layer = r.layer
      join layer_standing s on s.layer = r.layer
      where (h.epoch, h.seq, s.label_set) is distinct from (r.epoch, r.seq, r.label_set)
        or s.state <> 'open' or s.withdrawn or s.closed or s.decided;
    if found then return false; end if;
    perform from json_to_recordset(members) as r(project text, account text, role text)
      left join member m on m.project = r.project and m.account = r.account and m.left_at is null
      where m.role is distinct from r.role;
    if found then return false; end if;
    perform tamga_write_flush(log, changes, annotations, asides, counts, heads);
    return true;
  end $$`

/**
 * Fails as a foreign key does if a row refers to a layer or an account that is not there. It locks neither: whoever writes a
 * layer holds its head, which goes with it before its rows do, and an account under which somebody wrote stays.
 */
const checks = (name: string, accounts: string) => `create function ${name}() returns trigger language plpgsql as $$
  begin
    if exists (
      select from (select distinct layer from fresh) f where not exists (select from layer l where l.id = f.layer)
      union all
      select from (${accounts}) f (id) where not exists (select from account a where a.id = f.id)
    ) then
      raise exception 'a row of % refers to nothing', tg_table_name using errcode = 'foreign_key_violation';
    end if;
    return null;
  end $$`

const checked = (table: string, event: 'insert' | 'update', check: string) =>
  `create trigger ${table}_${event}_refers after ${event} on ${table}
    referencing new table as fresh for each statement execute function ${check}()`

const references = [
  ...[
    ['layer_log', 'layer'],
    ['layer_log', 'account'],
    ['change', 'layer'],
    ['change', 'account'],
    ['annotation', 'layer'],
    ['annotation', 'creator'],
    ['annotation', 'last_editor'],
  ].map(([table, column]) => `alter table ${table} drop constraint ${table}_${column}_fkey`),
  checks('tamga_written_refers', 'select distinct account from fresh'),
  checks('tamga_annotation_refers', 'select creator from fresh union select last_editor from fresh'),
  checked('layer_log', 'insert', 'tamga_written_refers'),
  checked('change', 'insert', 'tamga_written_refers'),
  checked('annotation', 'insert', 'tamga_annotation_refers'),
  checked('annotation', 'update', 'tamga_annotation_refers'),
  `create function tamga_layer_goes() returns trigger language plpgsql as $$
  begin
    delete from layer_log where layer = old.id;
    delete from change where layer = old.id;
    delete from annotation where layer = old.id;
    return null;
  end $$`,
  // after the foreign keys' own, which are named RI_…: once the head is gone nobody writes any more
  `create trigger layer_goes after delete on layer for each row execute function tamga_layer_goes()`,
  `create function tamga_account_stays() returns trigger language plpgsql as $$
  begin
    if exists (select from layer_log where account = old.id) or exists (select from change where account = old.id)
      or exists (select from annotation where old.id in (creator, last_editor)) then
      raise exception 'somebody has written here under this account' using errcode = 'foreign_key_violation';
    end if;
    return old;
  end $$`,
  `create trigger account_stays before delete on account for each row execute function tamga_account_stays()`,
]
