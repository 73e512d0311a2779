import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sealer, type Sealer } from '../../src/access/sealing.ts'
import { buildState } from '../../src/catalog/build.ts'
import { openCatalog } from '../../src/catalog/keeper.ts'
import { isSaved, readSavedCatalog, saveHeard, savePart, type SavedPlace } from '../../src/catalog/saved.ts'
import { keepSaved } from '../../src/catalog/saving.ts'
import type { CatalogState } from '../../src/catalog/state.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import * as things from '../support/catalog-things.ts'
import { dumpState } from '../support/dump-state.ts'
import { MemoryCatalog } from '../support/memory-catalog.ts'

const { ids } = things
const HOUR = 3_600_000
const SECRET = 'canary-in-a-url-77aa'

const ring = (id: string): Sealer => sealer({ current: id, keys: new Map([[id, randomBytes(32)]]) })
const KEYS = ring('k1')

async function placeFor(over: Partial<SavedPlace> = {}): Promise<SavedPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'cw-saved-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return { folder: join(folder, 'snapshot'), sealer: KEYS, database: 'db:5432/causeway', version: '1.0.0', ...over }
}

function state(tools = 300, gateways = 3): CatalogState {
  return buildState({
    seq: 42,
    users: [
      things.userThing(0),
      things.userThing(1, {
        memberships: [{ teamId: ids.team(0), isOwner: true }],
        assignments: [{ roleId: ids.role(0), teamId: ids.team(0), expiresAt: 99 }],
      }),
    ],
    teams: [{ id: ids.team(0), name: 'ops' }],
    roles: [{ id: ids.role(0), name: 'reader', scope: 'team', permissions: ['tools.read', 'from a later version'] }],
    tokens: [things.tokenThing(0), things.tokenThing(1, { permissions: ['tools.read'], expiresAt: 99 })],
    gateways: Array.from({ length: gateways }, (_, n) =>
      things.gatewayThing(n, { url: `https://x.test/?key=${SECRET}` }),
    ),
    tools: Array.from({ length: tools }, (_, n) => things.toolThing(n, n % gateways, { customTitle: 'größer\n"neu"' })),
    prompts: [things.promptThing(0, 0)],
    resources: [things.resourceThing(0, 0), things.resourceThing(1, 1, { isTemplate: true, uri: 'test://{of}' })],
    servers: [things.serverThing(0, { tools: [{ id: ids.tool(1), name: 'other', description: null, position: 0 }] })],
  })
}

async function saveAll(place: SavedPlace, what = state(), heardAt = Date.now()): Promise<void> {
  await savePart(place, what, 'access')
  await savePart(place, what, 'things')
  await saveHeard(place, heardAt)
}

const why = async (place: SavedPlace, maxAgeMs = HOUR): Promise<string> =>
  await readSavedCatalog(place, maxAgeMs).then(
    () => 'it was read',
    (error: unknown) => GatewayError.from(error).message,
  )

test('what is saved is read as it was, and nothing of it can be read by others', async () => {
  const place = await placeFor()
  const heardAt = Date.now() - 5_000
  expect(isSaved(place.folder)).toBe(false)
  await saveAll(place, state(), heardAt)
  expect(isSaved(place.folder)).toBe(true)
  const read = await readSavedCatalog(place, HOUR)
  expect(read.heardAt).toBe(heardAt)
  expect(dumpState(read.state)).toEqual(dumpState(state()))
  for (const file of ['access', 'things', 'heard']) {
    const path = join(place.folder, file)
    const text = await readFile(path, 'utf8')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const word of [SECRET, 'example.com', things.tokenThing(0).hash, 'inputSchema'])
      expect(text).not.toContain(word)
    for (const line of text.trim().split('\n').slice(1)) expect(line).toMatch(/^v1\.k1\.[\w-]+$/)
  }
})

describe('refused, with its reason', () => {
  test.each([
    [
      'another database',
      { database: 'other:5432/causeway' },
      /belongs to the database db:5432\/causeway, and the settings name other/,
    ],
    ['another version', { version: '2.0.0' }, /another version of Causeway \(1\.0\.0\); this is 2\.0\.0/],
    ['another key ring', { sealer: ring('k2') }, /sealed under the key 'k1', which keys\.json does not have/],
    [
      'another key of the same name',
      { sealer: ring('k1') },
      /is damaged, or was altered, or belongs to another key ring/,
    ],
  ] as const)('%s', async (_name, over, words) => {
    const place = await placeFor()
    await saveAll(place)
    expect(await why({ ...place, ...over })).toMatch(words)
  })

  test('a later format, too old, of the future, absent', async () => {
    const place = await placeFor()
    expect(await why(place)).toMatch(/heard is not there/)
    await saveAll(place, state(), Date.now() - 2 * HOUR)
    expect(await why(place)).toMatch(/120 minutes old, more than CAUSEWAY_SNAPSHOT_MAX_AGE allows/)
    expect(await why(place, 3 * HOUR)).toBe('it was read')
    await saveHeard(place, Date.now() + HOUR)
    expect(await why(place)).toMatch(/from the future/)
    await saveHeard(place, Date.now())
    const path = join(place.folder, 'access')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"format":1', '"format":2'))
    expect(await why(place)).toMatch(/another version of Causeway/)
  })

  test('any part that was altered, left out, doubled, moved or cut off', async () => {
    const place = await placeFor()
    // Several chunks of each.
    await saveAll(place, state(3_000))
    const path = join(place.folder, 'things')
    const whole = await readFile(path, 'utf8')
    const lines = whole.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(4)
    const spoilt: readonly string[][] = [
      ...lines.map((_, n) => lines.toSpliced(n, 1)),
      ...lines.map((line, n) => lines.toSpliced(n, 0, line)),
      ...lines.map((line, n) => lines.with(n, line.slice(0, -9) + (line.at(-9) === 'A' ? 'B' : 'A') + line.slice(-8))),
      lines.with(1, lines[2] ?? '').with(2, lines[1] ?? ''),
      lines.with(0, (lines[0] ?? '').replace('"seq":42', '"seq":41')),
      [...lines, ''],
      [],
    ]
    for (const each of spoilt) {
      await writeFile(path, each.length === 0 ? '' : `${each.join('\n')}\n`)
      expect([each.length, await why(place)]).toEqual([each.length, expect.stringMatching(/damaged|cannot/)])
    }
    await writeFile(path, whole)
    for (const size of [10, whole.length >> 1, whole.length - 5]) {
      await truncate(path, size)
      expect(await why(place)).toMatch(/damaged/)
      await writeFile(path, whole)
    }
    expect(await why(place)).toBe('it was read')
  })
})

const away = () => {
  throw new GatewayError('unavailable', 'the database is away')
}

function database(): MemoryCatalog {
  const db = new MemoryCatalog()
  db.tables.users.set(ids.user(0), things.userThing(0) as never)
  db.tables.tokens.set(ids.token(0), things.tokenThing(0) as never)
  db.tables.gateways.set(ids.gateway(0), things.gatewayThing(0) as never)
  db.commit(['gateway', ids.gateway(0)], ['token', ids.token(0)])
  return db
}

const log = { info: vi.fn(), warn: vi.fn() }

test('a start without the database serves what was saved, as old as it is, and ends equal to a fresh load', async () => {
  const place = await placeFor()
  const db = database()
  {
    await using first = await openCatalog({ reader: db.reader(), log, pollMs: 20 })
    await using saving = keepSaved({ catalog: first, place, log, everyMs: 10 })
    await vi.waitFor(() => expect(isSaved(place.folder)).toBe(true))
    // The change of a token is on disk soon after; the last change of all at the end.
    db.tables.tokens.delete(ids.token(0))
    db.commit(['token', ids.token(0)])
    await vi.waitFor(async () => {
      const { state: read } = await readSavedCatalog(place, HOUR)
      expect(read.tokens.size).toBe(0)
    })
    db.tables.tools.set(ids.tool(1), things.toolThing(1, 0) as never)
    db.commit(['tool', ids.tool(1)])
    await first.applied(db.seq, 2_000)
    await saving[Symbol.asyncDispose]()
  }
  await saveHeard(place, Date.now() - 60_000)
  db.before = away
  const saved = () => readSavedCatalog(place, HOUR)
  await using second = await openCatalog({ reader: db.reader(), log, pollMs: 20, saved })
  await using again = keepSaved({ catalog: second, place, log, everyMs: 10 })
  expect(second.isSaved).toBe(true)
  expect(second.ageMs).toBeGreaterThan(60_000)
  expect(second.ageMs).toBeLessThan(70_000)
  expect(second.current.tool(ids.tool(1))?.name).toBe('gateway-0-tool-1')
  expect(second.state.tokens.size).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  // Having been read makes nothing newer.
  expect((await readSavedCatalog(place, HOUR)).heardAt).toBeLessThan(Date.now() - 60_000)

  // Another copy of the database comes back: its clock says nothing about what is in it.
  db.tables.tools.delete(ids.tool(1))
  db.tables.tools.set(ids.tool(2), things.toolThing(2, 0) as never)
  db.before = () => {}
  await vi.waitFor(() => expect(second.isSaved).toBe(false))
  expect(second.ageMs).toBeLessThan(5_000)
  await using fresh = await openCatalog({ reader: db.reader(), log })
  expect(dumpState(second.state)).toEqual(dumpState(fresh.state))
  await vi.waitFor(async () =>
    expect((await readSavedCatalog(place, HOUR)).heardAt).toBeGreaterThan(Date.now() - 10_000),
  )
  await again[Symbol.asyncDispose]()
})

test('a folder that cannot be written is said once, and stalls nobody', async () => {
  const place = await placeFor()
  await writeFile(place.folder, 'a file where the folder should be')
  const warn = vi.fn()
  const info = vi.fn()
  await using catalog = await openCatalog({ reader: database().reader(), log })
  await using saving = keepSaved({ catalog, place, log: { info, warn }, everyMs: 5 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(warn).toHaveBeenCalledTimes(1)
  await rm(place.folder)
  await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1))
  expect(isSaved(place.folder)).toBe(true)
  await saving[Symbol.asyncDispose]()
})

test('a hundred thousand tools are written and read in slices', async () => {
  const place = await placeFor()
  const large = state(100_000, 100)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const began = performance.now()
  await saveAll(place, large)
  const wroteMs = performance.now() - began
  const grewMb = (process.memoryUsage().rss - before) / 1e6
  const writeStallMs = delay.max / 1e6
  const { size } = await stat(join(place.folder, 'things'))
  const read = await readSavedCatalog(place, HOUR)
  delay.disable()
  const readMs = performance.now() - began - wroteMs
  console.log(
    `written in ${wroteMs.toFixed(0)} ms (${(size / 1e6).toFixed(0)} MB, longest stall ${writeStallMs.toFixed(0)} ms, ` +
      `${grewMb.toFixed(0)} MB more memory), read in ${readMs.toFixed(0)} ms`,
  )
  expect(read.state.tools.byId.size).toBe(100_000)
  expect(grewMb).toBeLessThan(200)
})
