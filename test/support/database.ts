import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { openDatabase, type DatabaseOptions, type OpenDatabase } from '../../src/store/database.ts'
import { quiet } from './quiet.ts'
import { nameIn } from './urls.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly db: OpenDatabase
  /** Runs raw SQL on a connection of its own: to look behind the store, or to break things. */
  sql<Row extends Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

export type TestDatabaseOptions = Partial<DatabaseOptions> & {
  /**
   * `template0` gives an empty database; `unicode` one, empty as well, whose lower() knows the letters of all languages; `turkish` one
   * to whose lower() I is no i.
   */
  readonly template?: 'migrated' | 'template0' | keyof typeof LOCALES
}

const LOCALES = {
  unicode: "template0 ENCODING UTF8 LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
  turkish: "template0 ENCODING UTF8 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr'",
}

/** A fresh, migrated database that exists until it is disposed. */
export async function testDatabase({
  template = 'migrated',
  ...options
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject('databaseServer')
  const name = `t_${randomBytes(8).toString('hex')}`
  const from = { migrated: 'migrated', template0: 'template0', ...LOCALES }[template]
  await run(server, `CREATE DATABASE ${name} TEMPLATE ${from} STRATEGY file_copy`)
  const url = nameIn(server, name)
  const db = await openDatabase({ url, poolSize: 4, log: quiet, ...options })
  return {
    url,
    db,
    sql: (text, values) => run(url, text, values),
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]()
      await run(server, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function run<Row extends Record<string, unknown>>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
