import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { HeldConnectionError, onHeldConnection } from '#/lib/held-connection.ts'
import type { OpenDatabase } from '#/store/database.ts'
import type { WriteTx } from '#/store/store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { NODES_WAYS, OUR_WAYS, type Silent, type Way } from './ways-out.ts'

let t: TestDatabase
let silent: Silent
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  t = owned.use(await testDatabase({ poolSize: 1 }))
  silent = owned.use(await startSilent(t.url))
})
afterAll(() => owned.disposeAsync())

/** What each transaction does first, so that it has something to lose. */
const insert = (tx: WriteTx) => {
  const id = UserId.mint()
  return tx.sql
    .insertInto('users')
    .values({ id, email: `${id}@example.com` })
    .execute()
}

const told = (): Disposable & { readonly errors: HeldConnectionError[] } => {
  const errors: HeldConnectionError[] = []
  return Object.assign(
    onHeldConnection((error) => errors.push(error)),
    { errors },
  )
}

/** It loses its transaction at once, whoever listens is told whose it was, nothing stays, and the one connection serves on. */
async function expectEnded(work: (tx: WriteTx) => Promise<unknown>, what: RegExp): Promise<void> {
  using heard = told()
  const began = performance.now()
  const outcome = await t.db.write('outer', work).then(
    () => 'it committed',
    (error: unknown) => error,
  )
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(outcome).toBeInstanceOf(HeldConnectionError)
  expect((outcome as Error).message).toMatch(what)
  expect(heard.errors).toEqual([outcome])
  expect(heard.errors[0]?.source).toBe('outer')
  expect(await t.db.read('tests').selectFrom('users').select('id').execute()).toEqual([])
  expect(t.db.stats).toMatchObject({ total: 1, idle: 1, waiting: 0 })
}

describe('inside a transaction', () => {
  test.each(Object.entries(OUR_WAYS))('%s is refused before it begins', async (_name, way: Way) => {
    const refused = /^(?!waiting for something other).* inside the transaction of 'outer' would hold its connection$/
    await expectEnded(async (tx) => {
      await insert(tx)
      await way(silent, t.db)
    }, refused)
  })

  test.each(Object.entries(NODES_WAYS))('%s ends it, after a statement and before the first', async (_name, way) => {
    const ended = /^waiting for something other than its statements inside the transaction of 'outer'/
    await expectEnded(async (tx) => {
      await insert(tx)
      await way(silent, t.db)
    }, ended)
    await expectEnded(() => way(silent, t.db), ended)
  })

  test('a refusal that somebody swallows is told all the same', async () => {
    using heard = told()
    const { value } = await t.db.write('outer', async () => {
      await OUR_WAYS['a pause']?.(silent, t.db).catch(() => undefined)
      return 1
    })
    expect({ value, told: heard.errors.map(({ what, source }) => ({ what, source })) }).toEqual({
      value: 1,
      told: [{ what: 'a pause', source: 'outer' }],
    })
  })

  test('what still runs when it was ended cannot use it any more', async () => {
    const late = Promise.withResolvers<unknown>()
    const outcome = t.db.write('outer', async (tx) => {
      await insert(tx)
      await silence(50)
      late.resolve(await insert(tx).catch((error: unknown) => error))
    })
    await expect(outcome).rejects.toBeInstanceOf(HeldConnectionError)
    expect(String(await late.promise)).toContain('the transaction is over')
    expect(await t.db.read('tests').selectFrom('users').select('id').execute()).toEqual([])
  })
})

describe('what a transaction is for is not mistaken for a wait', () => {
  const SLOW = sql<string>`pg_sleep(0.3)`.as('slept')
  const asLong = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end;);
  }
  const ALLOWED: Readonly<Record<string, (tx: WriteTx, db: OpenDatabase) => Promise<unknown>>> = {
    'nothing at all': async () => undefined,
    'a statement that takes its time': (tx) => tx.sql.selectNoFrom(SLOW).execute(),
    'a thousand steps without a wait': async (tx) => {
      for (let n = 0; n < 1000; n++) await Promise.resolve()
      await tx.sql.selectNoFrom(SLOW).execute()
      for (let n = 0; n < 1000; n++) await new Promise<void>((done) => process.nextTick(done))
    },
    'long computing between statements': async (tx) => {
      for (let n = 0; n < 3; n++) {
        await tx.sql.selectNoFrom(sql`1`.as('one')).execute()
        asLong(40)
      }
    },
    'statements together, and one after them': async (tx) => {
      const one = tx.sql.selectNoFrom(sql`pg_sleep(0.02)`.as('slept')).compile()
      await tx.together(one, one, one)
      await tx.sql.selectNoFrom(sql`1`.as('one')).execute()
    },
    'a wait that is over after the commit': async (tx, db) => {
      tx.afterCommit(() => void db.read('after').selectNoFrom(SLOW).execute())
    },
  }

  test.each(Object.entries(ALLOWED))('%s', async (_name, work) => {
    using heard = told()
    await t.db.write('outer', (tx) => work(tx, t.db))
    expect(heard.errors).toEqual([])
  })

  test('nor is anything in a crowd on a busy machine', async () => {
    using heard = told()
    const stalling = setInterval(() => asLong(15), 10)
    await using crowded = await testDatabase({ poolSize: 4, acquireMs: 50_000 })
    const writes = Array.from({ length: 200 }, () =>
      crowded.db.write('outer', async (tx) => {
        for (let n = 0; n < 3; n++) await insert(tx)
        await Promise.resolve()
        tx.changed('user', UserId.mint())
        return await insert(tx)
      }),
    )
    expect((await Promise.allSettled(writes)).filter(({ status }) => status === 'rejected')).toEqual([])
    clearInterval(stalling)
    expect(heard.errors).toEqual([])
  })
})

async function silence(turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await turn()
}

/** Takes connections and datagrams, and never says a word. */
async function startSilent(databaseUrl: string): Promise<Silent & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
  })
  server.listen(0, '127.0.0.1')
  const datagrams = createSocket('udp4').bind(0, '127.0.0.1')
  await Promise.all([once(server, 'listening'), once(datagrams, 'listening')])
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    nameServer: `127.0.0.1:${datagrams.address().port}`,
    databaseUrl,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      datagrams.close()
      server.close()
      await once(server, 'close')
    },
  }
}
