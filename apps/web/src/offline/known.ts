import { openDB, type DBSchema } from 'idb'

/** Who was signed in here last: enough to open their pages without a server, and nothing that lets anybody in. */
export interface Known {
  readonly id: string
  readonly name: string
  readonly colour: number
}

interface KnownBase extends DBSchema {
  who: { key: 'last'; value: Known }
  /** Who signed in here, as long as edits of theirs may wait: the sign-in page says whose they are. */
  names: { key: string; value: Known }
}

const base = () =>
  openDB<KnownBase>('tamga-known', 2, {
    upgrade(db, from) {
      if (from < 1) db.createObjectStore('who')
      db.createObjectStore('names', { keyPath: 'id' })
    },
    // a tab of a newer Tamga waits for it
    blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
  })

/** The account that was signed in here last, or null: after a sign-out, or where the browser keeps nothing. */
export async function lastKnown(): Promise<Known | null> {
  try {
    const db = await base()
    const known = (await db.get('who', 'last')) ?? null
    db.close()
    return known
  } catch {
    return null
  }
}

let written = Promise.resolve()

/** Remembers who is signed in, or (null) that nobody is: what was said last stands. Resolves when it does. */
export const remember = (known: Known | null): Promise<void> => (written = written.then(() => write(known)))

async function write(known: Known | null): Promise<void> {
  try {
    const db = await base()
    if (known) await Promise.all([db.put('who', known, 'last'), db.put('names', known)])
    else await db.delete('who', 'last')
    db.close()
  } catch {
    // A browser that keeps nothing opens nothing without a network; everything else goes on.
  }
}

/** Whoever signed in here and has not been forgotten since. */
export async function knownNames(): Promise<Known[]> {
  try {
    const db = await base()
    const names = await db.getAll('names')
    db.close()
    return names
  } catch {
    return []
  }
}

/** Forgets the names of accounts of which nothing is left in this browser. */
export async function forgetNames(accounts: readonly string[]): Promise<void> {
  if (accounts.length === 0) return
  try {
    const db = await base()
    await Promise.all(accounts.map((account) => db.delete('names', account)))
    db.close()
  } catch {
    // nothing is kept, so there is nothing to forget
  }
}

const SIGNED_OUT = 'tamga.signed-out'
// where storage is forbidden it holds as long as the page
let isSignedOut = false

/** True after a sign-out that the server was not told of: the cookie is still good, and nobody may come in by it. */
export function signedOutHere(): boolean {
  try {
    return isSignedOut || localStorage.getItem(SIGNED_OUT) !== null
  } catch {
    return isSignedOut
  }
}

/** Notes a sign-out that the server is yet to be told of, or that it knows. */
export function noteSignOut(waits: boolean): void {
  isSignedOut = waits
  try {
    if (waits) localStorage.setItem(SIGNED_OUT, '1')
    else localStorage.removeItem(SIGNED_OUT)
  } catch {
    // see above
  }
}
