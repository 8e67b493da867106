import pg from 'pg'
import { struckTables } from './plan.ts'

/** What a Postgres is told to fail in, from outside the server. */
export interface Strike {
  readonly table: string
  readonly code: string
  readonly share: number
  /** At the commit, by a deferred constraint; else at the statement. */
  readonly commit: boolean
}

const setUp = `
  create schema if not exists faults;
  create table if not exists faults.strike (table_name text, at_commit boolean, code text, share float8);
  create or replace function faults.strike() returns trigger language plpgsql as $$
    declare struck text;
    begin
      select code into struck from faults.strike
      where table_name = tg_table_name and at_commit = (tg_argv[0] = 'commit') and random() < share limit 1;
      if struck is not null then
        raise exception 'struck in %', tg_table_name using errcode = struck;
      end if;
      return null;
    end $$;
`

const triggersOn = (table: string) => `
  create or replace trigger faults_statement before insert or update or delete on ${table}
    for each statement execute function faults.strike('statement');
  drop trigger if exists faults_commit on ${table};
  create constraint trigger faults_commit after insert or update on ${table}
    deferrable initially deferred for each row execute function faults.strike('commit');
`

/** Gives every table that the room writes triggers which fail when they are told to. */
export const prepareStrikes = (url: string): Promise<unknown> =>
  run(url, [setUp, ...struckTables.map(triggersOn)].join('\n'))

export const strike = (url: string, { table, commit, code, share }: Strike): Promise<unknown> =>
  run(url, 'insert into faults.strike values ($1, $2, $3, $4)', [table, commit, code, share])

export const endStrike = (url: string, { table, code }: Pick<Strike, 'table' | 'code'>): Promise<unknown> =>
  run(url, 'delete from faults.strike where table_name = $1 and code = $2', [table, code])

/** Ends every session but the one that asks. */
export const endSessions = (url: string): Promise<unknown> =>
  run(
    url,
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $1',
    ['client backend'],
  )

export async function readOnly(url: string, on: boolean): Promise<void> {
  await run(url, `alter system set default_transaction_read_only = ${on ? 'on' : 'off'}`)
  await run(url, 'select pg_reload_conf()')
}

/** Holds a layer's head for a while, as a long decision does. */
export async function holdHead(url: string, layer: string, ms: number): Promise<void> {
  await within(url, async (client) => {
    await client.query('begin')
    await client.query('select 1 from layer_head where layer = $1 for update', [layer])
    await new Promise((resolve) => setTimeout(resolve, ms))
    await client.query('rollback')
  })
}

/** Copies a database of a Postgres. Answers what puts the copy back; both end whoever is connected. */
export async function copyDatabase(url: string): Promise<() => Promise<void>> {
  const name = new URL(url).pathname.slice(1)
  const kept = `${name}_kept`
  const from = new URL(url)
  from.pathname = '/template1'
  const copy = async (source: string, target: string) => {
    await run(from.href, `drop database if exists "${target}" with (force)`)
    await run(from.href, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [source])
    await run(from.href, `create database "${target}" template "${source}"`)
  }
  await copy(name, kept)
  return () => copy(kept, name)
}

/** Ends all faults of the database that it remembers itself. */
export async function healDatabase(url: string): Promise<void> {
  await readOnly(url, false)
  await run(url, 'delete from faults.strike')
}

const run = (url: string, statement: string, values?: unknown[]): Promise<unknown> =>
  within(url, (client) => client.query(statement, values))

async function within<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: '-c default_transaction_read_only=off' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await act(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
