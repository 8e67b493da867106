import { openDB, type DBSchema } from 'idb'

/** Who was signed in here last: enough to open their pages without a server, and nothing that lets anybody in. */
export interface Known {
  readonly id: string
  readonly name: string
  readonly colour: number
}

interface KnownBase extends DBSchema {
  who: { key: 'last'; value: Known }
}

const base = () => openDB<KnownBase>('tamga-known', 1, { upgrade: (db) => void db.createObjectStore('who') })

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
    if (known) await db.put('who', known, 'last')
    else await db.delete('who', 'last')
    db.close()
  } catch {
    // A browser that keeps nothing opens nothing without a network; everything else goes on.
  }
}
