import { sql } from 'kysely'
import type { Database } from './store.ts'

/** Work that one process does at a time. A lease ends by itself; the database's clock decides when. */
export interface Leases {
  /** True: `holder` has the lease for `ms` from now, newly or once more. False: somebody else has it. */
  claim(name: string, holder: string, ms: number): Promise<boolean>
  /** Gives it up early. */
  release(name: string, holder: string): Promise<void>
}

export function leases(db: Pick<Database, 'statement'>): Leases {
  return {
    async claim(name, holder, ms) {
      const { count } = await db.statement(
        'leases',
        () => sql`
          INSERT INTO leases (name, holder, expires_at) VALUES (${name}, ${holder}, ${fromNow(ms)})
          ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
          WHERE leases.holder = excluded.holder OR leases.expires_at <= clock_timestamp()`,
      )
      return count === 1
    },
    async release(name, holder) {
      await db.statement('leases', (db) =>
        db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder),
      )
    },
  }
}

function fromNow(ms: number) {
  return sql`clock_timestamp() + make_interval(secs => ${ms / 1_000})`
}
