import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { LeftBehind } from '../../src/records/left-behind.ts'
import { storeLeftovers } from '../../src/records/leftovers.ts'
import { Recorder, type RecorderOptions } from '../../src/records/recorder.ts'
import { SpillFile } from '../../src/records/spill-file.ts'
import { UsageMeter } from '../../src/records/usage-meter.ts'
import { openDatabase } from '../../src/store/database.ts'
import { recordSink } from '../../src/store/record-store.ts'
import { storedEpochs, storedUsage } from '../../src/store/token-usage-store.ts'
import { databaseRelay } from '../support/database-relay.ts'
import { testDatabase } from '../support/database.ts'
import { recordingLog } from '../support/quiet.ts'
import { many, tokenId, usageRecord } from './records.ts'

/** A database behind a relay, a data folder, and recorders that live one after the other. */
async function scene() {
  await using building = new AsyncDisposableStack()
  const fresh = building.use(await testDatabase())
  const relay = building.use(await databaseRelay(fresh.url))
  const db = building.use(
    await openDatabase({ url: relay.url, poolSize: 2, log: recordingLog(), writeMs: 800, acquireMs: 800 }),
  )
  const dir = await mkdtemp(join(tmpdir(), 'causeway-records-'))
  building.defer(() => rm(dir, { recursive: true, force: true }))
  const lost: unknown[] = []
  const folder = join(dir, 'records')
  const path = join(folder, 'records-w1.spill')
  const onRefused = (records: number) => lost.push({ records, why: 'refused' })
  const start = async (epoch: string, options: Partial<RecorderOptions & { maxBytes: number }> = {}) => {
    const maxBytes = options.maxBytes ?? 1 << 26
    const spill = await SpillFile.open({ path, maxBytes, onLost: (records, why) => lost.push({ records, why }) })
    return new Recorder({ sink: recordSink(db), spill, writer: 'w1', epoch, onRefused, everyMs: 20, ...options })
  }
  const stored = async (): Promise<{ n: number; d: number }> => {
    const text = `SELECT count(*)::int AS n, count(DISTINCT request_id)::int AS d FROM usage_records`
    return (await fresh.sql<{ n: number; d: number }>(text))[0] ?? { n: -1, d: -1 }
  }
  const totals = async () => (await fresh.sql(`SELECT calls FROM usage_totals WHERE kind = 'tool'`))[0]
  const owned = building.move()
  return {
    fresh,
    relay,
    db,
    start,
    lost,
    folder,
    path,
    stored,
    totals,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const within = { timeout: 10_000, interval: 20 }

test('records appear soon after they were made, and a close stores the rest', async () => {
  await using it = await scene()
  {
    await using recorder = await it.start('e1')
    for (const record of many(10)) recorder.record(record)
    await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 10, d: 10 }), within)
    for (const record of many(1234, 10)) recorder.record(record)
  }
  expect(await it.stored()).toEqual({ n: 1244, d: 1244 })
  expect(await it.totals()).toEqual({ calls: '1244' })
  expect(it.lost).toEqual([])
})

test.each(['closed', 'stalled', 'deaf'] as const)(
  'a database that is %s for a while misses nothing and counts nothing twice',
  async (mode) => {
    await using it = await scene()
    await using recorder = await it.start('e1')
    for (const record of many(100)) recorder.record(record)
    await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 100, d: 100 }), within)
    it.relay.set(mode)
    for (let i = 1; i <= 30; i++) {
      for (const record of many(100, 100 * i)) recorder.record(record)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await vi.waitFor(() => expect(recorder.stats.spilledBytes).toBeGreaterThan(0), within)
    it.relay.set('closed')
    it.relay.set('open')
    await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 3100, d: 3100 }), within)
    for (const record of many(100, 3100)) recorder.record(record)
    await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 3200, d: 3200 }), within)
    expect(await it.totals()).toEqual({ calls: '3200' })
    await vi.waitFor(() => expect(recorder.stats).toEqual({ queued: 0, spilledBytes: 0, overflowed: 0 }), within)
    expect((await stat(it.path)).size).toBe(0)
    expect(it.lost).toEqual([])
  },
)

test('what could not be stored before the end is stored by the next life of the worker', async () => {
  await using it = await scene()
  it.relay.set('closed')
  {
    await using recorder = await it.start('e1', { closeMs: 100 })
    for (const record of many(1500)) recorder.record(record)
  }
  expect(await it.stored()).toEqual({ n: 0, d: 0 })
  it.relay.set('open')
  await using recorder = await it.start('e2')
  for (const record of many(10, 1500)) recorder.record(record)
  await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 1510, d: 1510 }), within)
  expect(it.lost).toEqual([])
})

test('a file that was sent but not taken off before a crash counts once', async () => {
  await using it = await scene()
  it.relay.set('closed')
  {
    await using recorder = await it.start('e1', { closeMs: 50 })
    for (const record of many(700)) recorder.record(record)
  }
  const left = await readFile(it.path)
  it.relay.set('open')
  for (const epoch of ['e2', 'e3']) {
    await writeFile(it.path, left)
    await using recorder = await it.start(epoch)
    await vi.waitFor(() => expect(recorder.stats.spilledBytes).toBe(0), within)
  }
  expect(await it.stored()).toEqual({ n: 700, d: 700 })
})

test('a line that a crash cut off is counted as lost, the others are stored', async () => {
  await using it = await scene()
  it.relay.set('closed')
  {
    await using recorder = await it.start('e1', { closeMs: 50 })
    for (const record of many(1000)) recorder.record(record)
  }
  await writeFile(it.path, (await readFile(it.path)).subarray(0, -10))
  it.relay.set('open')
  await using recorder = await it.start('e2')
  await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 500, d: 500 }), within)
  expect(it.lost).toEqual([{ records: 500, why: 'spill_damaged' }])
  expect(recorder.stats.spilledBytes).toBe(0)
})

test('without room on disk the newest are lost, and counted', async () => {
  await using it = await scene()
  it.relay.set('closed')
  await using recorder = await it.start('e1', { maxBytes: 300_000, batchSize: 100 })
  for (const record of many(2000)) recorder.record(record)
  await vi.waitFor(() => expect(recorder.stats.queued).toBe(0), within)
  it.relay.set('open')
  await vi.waitFor(() => expect(recorder.stats.spilledBytes).toBe(0), within)
  const { n } = await it.stored()
  const counted = it.lost.map((each) => (each as { records: number }).records).reduce((a, b) => a + b, 0)
  expect(n).toBeGreaterThan(0)
  expect(counted).toBeGreaterThan(0)
  expect(n + counted).toBe(2000)
})

test('a full queue loses what comes, and counts it', async () => {
  await using it = await scene()
  await using recorder = await it.start('e1', { capacity: 50, batchSize: 1000 })
  for (const record of many(60)) recorder.record(record)
  expect(recorder.stats).toMatchObject({ queued: 50, overflowed: 10 })
  await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 50, d: 50 }), within)
})

test('one record that the database refuses for good costs only itself', async () => {
  await using it = await scene()
  await using recorder = await it.start('e1')
  const records = [...many(300), usageRecord({ requestId: 'bad', targetId: 'no id' }), ...many(100, 300)]
  for (const record of records) recorder.record(record)
  await vi.waitFor(async () => expect(await it.stored()).toEqual({ n: 400, d: 400 }), within)
  expect(it.lost).toEqual([{ records: 1, why: 'refused' }])
})

test('what a worker left that no longer runs is stored by another, once the database is there', async () => {
  await using it = await scene()
  it.relay.set('closed')
  {
    await using recorder = await it.start('e1', { closeMs: 50 })
    for (const record of many(700)) recorder.record(record)
  }
  const options = { paths: [it.path], sink: recordSink(it.db), onLost: () => {}, onRefused: () => {} }
  expect(await storeLeftovers(options)).toBe(false)
  expect(existsSync(it.path)).toBe(true)
  it.relay.set('open')
  expect(await storeLeftovers(options)).toBe(true)
  expect(await it.stored()).toEqual({ n: 700, d: 700 })
  expect(existsSync(it.path)).toBe(false)
})

/** What a limited token is answered by a meter that knows what is stored, and what is left on disk or not. */
function metered(it: Awaited<ReturnType<typeof scene>>, left?: LeftBehind) {
  const read = storedUsage(it.db, { writer: 'w1', epoch: 'e2' })
  const now = usageRecord().at + 1_000
  const meter = new UsageMeter({ read: left?.counted(read) ?? read, everyMs: 20, now: () => now })
  const answer = (): string => {
    try {
      meter.require(tokenId, { day: 700 })
      return 'open'
    } catch (cause) {
      return GatewayError.from(cause).code
    }
  }
  return { answer, [Symbol.dispose]: () => meter[Symbol.dispose]() }
}

test('usage that stands on disk is stored before a limited token opens anything', async () => {
  await using it = await scene()
  it.relay.set('closed')
  {
    await using recorder = await it.start('e1', { closeMs: 50 })
    for (const record of many(700)) recorder.record(record)
  }
  it.relay.set('open')
  using careful = metered(it, await LeftBehind.in(it.folder, storedEpochs(it.db)))
  using careless = metered(it)
  expect([careful.answer(), careless.answer()]).toEqual(['unavailable', 'unavailable'])
  // Nobody has stored it yet: whoever only looks at the database takes all of it for unused.
  await vi.waitFor(() => expect(careless.answer()).toBe('open'), within)
  expect(careful.answer()).toBe('unavailable')
  await using _recorder = await it.start('e2')
  const seen = new Set<string>()
  const judged = (): boolean => {
    seen.add(careful.answer())
    return seen.has('usage_limit')
  }
  await vi.waitFor(() => expect(judged()).toBe(true), within)
  expect([...seen].toSorted()).not.toContain('open')
  expect(await it.stored()).toEqual({ n: 700, d: 700 })
})

test('of a file that nobody can read nothing is expected once it is empty', async () => {
  await using it = await scene()
  await (await it.start('e1'))[Symbol.asyncDispose]()
  await writeFile(it.path, 'no batch at all\n')
  using careful = metered(it, await LeftBehind.in(it.folder, storedEpochs(it.db)))
  careful.answer()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(careful.answer()).toBe('unavailable')
  await using _recorder = await it.start('e2')
  await vi.waitFor(() => expect(careful.answer()).toBe('open'), within)
  expect(it.lost).toEqual([{ records: 1, why: 'spill_damaged' }])
})
