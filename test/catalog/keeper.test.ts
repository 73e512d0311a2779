import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import * as things from '../support/catalog-things.ts'
import { MemoryCatalog } from '../support/memory-catalog.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { openCatalog } from '../../src/catalog/keeper.ts'

const { ids } = things
const log = { info: vi.fn(), warn: vi.fn() }

function addTool(db: MemoryCatalog, n: number): number {
  db.tables.tools.set(ids.tool(n), things.toolThing(n, 0) as never)
  db.commit(['tool', ids.tool(n)])
  return db.seq
}

function withGateway(): MemoryCatalog {
  const db = new MemoryCatalog()
  db.tables.gateways.set(ids.gateway(0), things.gatewayThing(0) as never)
  db.commit(['gateway', ids.gateway(0)])
  return db
}

const away = () => {
  throw new GatewayError('unavailable', 'the database is away')
}

test('a change is found by polling, at once when woken, and whoever waits for it is told', async () => {
  const db = withGateway()
  await using catalog = await openCatalog({ reader: db.reader(), log, pollMs: 60 })
  addTool(db, 1)
  await vi.waitFor(() => expect(catalog.current.tool(ids.tool(1))).toBeDefined())
  await using slow = await openCatalog({ reader: db.reader(), log, pollMs: 60_000 })
  await delay(50)
  const seq = addTool(db, 2)
  const began = performance.now()
  await slow.applied(seq, 5_000)
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(slow.current.tool(ids.tool(2))).toBeDefined()
  expect(slow.current.seq).toBe(seq)
  slow.wake(addTool(db, 3))
  await vi.waitFor(() => expect(slow.current.tool(ids.tool(3))).toBeDefined())
  await slow.applied(1, 0)
})

test('a number that does not come is refused after its time; one that has come is not waited for', async () => {
  const db = withGateway()
  await using catalog = await openCatalog({ reader: db.reader(), log, pollMs: 20 })
  await expect(catalog.applied(99, 30)).rejects.toMatchObject({ code: 'unavailable' })
})

test('without the database the last snapshot is served and its age grows; afterwards it catches up', async () => {
  const db = withGateway()
  await using catalog = await openCatalog({ reader: db.reader(), log, pollMs: 30 })
  const { current } = catalog
  db.before = away
  addTool(db, 1)
  await vi.waitFor(() => expect(catalog.ageMs).toBeGreaterThan(150))
  expect(catalog.current).toBe(current)
  db.before = () => {}
  await vi.waitFor(() => expect(catalog.current.tool(ids.tool(1))).toBeDefined())
  await vi.waitFor(() => expect(catalog.ageMs).toBeLessThan(150))
})

test('a start waits for the database until it is told to stop', async () => {
  const db = withGateway()
  db.before = away
  setTimeout(() => (db.before = () => {}), 60)
  await using catalog = await openCatalog({ reader: db.reader(), log, pollMs: 10 })
  expect(catalog.current.gateway(ids.gateway(0))).toBeDefined()
  db.before = away
  const signal = AbortSignal.timeout(40)
  await expect(openCatalog({ reader: db.reader(), log, pollMs: 10, signal })).rejects.toThrow(/timeout/i)
  db.before = () => {
    throw new TypeError('a defect')
  }
  await expect(openCatalog({ reader: db.reader(), log })).rejects.toThrow('a defect')
})

test('who has fallen behind the change log loads anew', async () => {
  const db = withGateway()
  await using catalog = await openCatalog({ reader: db.reader(), log, pollMs: 20 })
  db.before = away
  const reader = db.reader()
  addTool(db, 1)
  addTool(db, 2)
  db.tables.tools.delete(ids.tool(1))
  db.changes.length = 0
  db.keptFrom = db.seq + 1
  db.before = () => {}
  await vi.waitFor(() => expect(catalog.current.tool(ids.tool(2))).toBeDefined())
  expect(catalog.current.seq).toBe(await reader.clock())
  db.seq = 1
  db.tables.tools.clear()
  await vi.waitFor(() => expect(catalog.current.seq).toBe(1))
  expect(catalog.current.tool(ids.tool(2))).toBeUndefined()
})

test('an end lets go of those who wait', async () => {
  const db = withGateway()
  const catalog = await openCatalog({ reader: db.reader(), log, pollMs: 20 })
  const waiting = catalog.applied(99, 60_000)
  const outcome = expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
  await catalog[Symbol.asyncDispose]()
  await outcome
})

test('the wait for a database that is away at the start ends with its signal', async () => {
  const db = withGateway()
  db.before = away
  const ending = new AbortController()
  const opened = openCatalog({ reader: db.reader(), log, pollMs: 60_000, signal: ending.signal })
  setTimeout(() => ending.abort(new Error('enough')), 50)
  const began = performance.now()
  await expect(opened).rejects.toThrow('enough')
  expect(performance.now() - began).toBeLessThan(2_000)
})
