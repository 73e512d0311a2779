import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../../src/store/migrate.ts'
import { startEmbedded } from '../../../src/supervisor/embedded-postgres.ts'
import { quantile, storm } from './storm.ts'
import { quiet } from '../quiet.ts'
import { seedCatalog } from '../seed-catalog.ts'

const ms = (value: number): number => Math.round(value * 10) / 10

const SHAPES = [
  { gateways: 1_000, notify: true },
  { gateways: 1_000, notify: false },
  { gateways: 1, notify: true },
] as const

/** The heavy form of test/catalog/storm.test.ts, printed. */
export async function heavyStorms(seconds: number, tools: number): Promise<void> {
  for (const shape of SHAPES) console.log(await heavyStorm({ ...shape, seconds, tools }))
}

async function heavyStorm({
  gateways,
  notify,
  seconds,
  tools,
}: (typeof SHAPES)[number] & { seconds: number; tools: number }) {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
  cleanup.defer(async () => await rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o711)
  const server = cleanup.use(await startEmbedded({ dataDir: folder, log: quiet, settings: { max_connections: '100' } }))
  await migrate({ url: server.url, log: quiet, signal: AbortSignal.timeout(30_000) })
  const seed = { gateways, tools }
  await seedCatalog(server.url, seed)
  const result = await storm({
    url: server.url,
    seed,
    writers: 8,
    keepers: 2,
    perSecond: 100,
    seconds,
    killEveryMs: 3_000,
    notify,
  })
  const { delays, reports } = result
  const lists = reports.flatMap(({ listMs }) => listMs).toSorted((a, b) => a - b)
  return {
    gateways,
    notify,
    changes: result.changes,
    failures: [...new Set(result.failures)],
    killed: [result.killedInside, result.killedAnywhere],
    visibleMs: { p50: ms(quantile(delays, 0.5)), p99: ms(quantile(delays, 0.99)), max: ms(delays.at(-1) ?? NaN) },
    stallMs: reports.map(({ stalls }) => ({ wall: ms(stalls.wall), cpu: ms(stalls.cpu) })),
    loadMs: result.loadMs.map(ms),
    loadStallMs: result.loadStalls.map(({ wall, cpu }) => ({ wall: ms(wall), cpu: ms(cpu) })),
    listMs: { p50: ms(quantile(lists, 0.5)), p99: ms(quantile(lists, 0.99)) },
    equal: reports.every(({ digest, fresh }) => digest === fresh && digest === reports[0]?.digest),
  }
}
