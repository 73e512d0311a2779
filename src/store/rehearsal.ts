import type { Database } from './store.ts'

/** The database for stores that only try what they are told to write: all of it is taken back. */
export function rehearsal({ read, rehearse }: Database): Database {
  return { read, write: rehearse, rehearse, statement: refuse }
}

/** It commits by itself. */
async function refuse(source: string): Promise<never> {
  throw new TypeError(`a statement of '${source}' cannot be taken back: write it in a transaction`)
}

/** A store, and the same where it takes back what it writes. */
export function rehearsed<Store>(
  db: Database,
  make: (db: Database) => Store,
): { readonly store: Store; readonly rehearsal: Store } {
  return { store: make(db), rehearsal: make(rehearsal(db)) }
}
