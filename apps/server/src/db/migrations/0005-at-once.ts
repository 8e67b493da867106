import { sql, type Kysely } from 'kysely'

/**
 * A whole flush in one statement, for the plain case: what it builds on is told, and it writes only if that stands. `layers`
 * says where each is (open, nothing withdrawn, decided or signed off in it), `members` who writes in which role.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(flush).execute(db)
}

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
