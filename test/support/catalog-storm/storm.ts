import { fork, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type {
  KeeperCommand,
  KeeperMessage,
  KeeperReport,
  Stalls,
  StormOptions,
  WriterMessage,
  WriterOptions,
} from './messages.ts'

export interface StormResult {
  readonly changes: number
  readonly failures: readonly string[]
  readonly killedInside: number
  readonly killedAnywhere: number
  /** From the acknowledged commit until the snapshot of the slowest keeper had it; sorted, in ms. */
  readonly delays: readonly number[]
  readonly loadMs: readonly number[]
  readonly loadStalls: readonly Stalls[]
  readonly reports: readonly KeeperReport[]
}

const starter =
  (cache: string) =>
  (file: string, argument: string): ChildProcess =>
    fork(join(import.meta.dirname, file), [argument], {
      stdio: 'inherit',
      execArgv: [],
      // Writers are started again all the time, which is no part of what is measured.
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })

/** Writers that change a catalog and are killed at it, and keepers that follow; each a process of its own. */
export async function storm(options: StormOptions): Promise<StormResult> {
  await using cleanup = new AsyncDisposableStack()
  const cache = await mkdtemp(join(tmpdir(), 'causeway-storm-'))
  cleanup.defer(async () => await rm(cache, { recursive: true, force: true }))
  const start = starter(cache)
  const keepers = Array.from({ length: options.keepers }, () => start('keeper-process.ts', options.url))
  for (const keeper of keepers) cleanup.defer(() => void keeper.kill('SIGKILL'))
  const ready = await Promise.all(keepers.map(async (keeper) => await nextMessage(keeper, 'ready')))
  const tell = (command: KeeperCommand): void => keepers.forEach((keeper) => keeper.connected && keeper.send(command))
  const listener = new Client(options.url)
  await listener.connect()
  cleanup.defer(async () => await listener.end())
  if (options.notify) {
    listener.on('notification', ({ payload }) => tell({ kind: 'wake', seq: Number(payload) }))
    await listener.query('LISTEN causeway')
  }
  await delay(1_000)
  tell({ kind: 'measure' })
  const written = await write(options, start)
  const { rows } = await listener.query<{ seq: string }>('SELECT seq FROM change_clock')
  const reports = Promise.all(keepers.map(async (keeper) => await nextMessage(keeper, 'report')))
  tell({ kind: 'finish', seq: Number(rows[0]?.seq) })
  const reported = await reports
  return {
    ...written.counts,
    changes: written.committed.size,
    delays: delaysOf(written.committed, reported),
    loadMs: ready.map(({ loadMs }) => loadMs),
    loadStalls: ready.map(({ load }) => load),
    reports: reported,
  }
}

async function nextMessage<K extends KeeperMessage['kind']>(
  keeper: ChildProcess,
  kind: K,
): Promise<Extract<KeeperMessage, { kind: K }>> {
  for (;;) {
    const ended = once(keeper, 'exit').then(() => [undefined])
    const [message] = (await Promise.race([once(keeper, 'message'), ended])) as [KeeperMessage | undefined]
    if (message === undefined) throw new Error(`a keeper ended before it was '${kind}'`)
    if (message.kind === kind) return message as Extract<KeeperMessage, { kind: K }>
  }
}

/** Every second writer stops inside a transaction and is killed there; meanwhile one after the other is killed wherever it is. */
async function write(
  { url, seed, writers, perSecond, seconds, killEveryMs }: StormOptions,
  start: ReturnType<typeof starter>,
) {
  const committed = new Map<number, number>()
  const counts = { failures: [] as string[], killedInside: 0, killedAnywhere: 0 }
  const alive = new Set<ChildProcess>()
  let isEnding = false
  const add = (n: number, isFirst: boolean): void => {
    const stallAfter = isFirst && n % 2 === 0 ? randomInt(10, 40) : 0
    const argument: WriterOptions = { url, seed, perSecond: perSecond / writers, stallAfter }
    const writer = start('writer-process.ts', JSON.stringify(argument))
    alive.add(writer)
    writer.on('message', (message: WriterMessage) => {
      if (message.kind === 'committed') committed.set(message.seq, message.at)
      else if (message.kind === 'failed') counts.failures.push(message.message)
      else if (!isEnding) {
        counts.killedInside++
        writer.kill('SIGKILL')
      }
    })
    writer.on('exit', () => {
      alive.delete(writer)
      if (!isEnding) add(n, false)
    })
  }
  for (let n = 0; n < writers; n++) add(n, true)
  const killer = setInterval(() => {
    const victim = [...alive][randomInt(alive.size)]
    if (victim?.kill('SIGKILL')) counts.killedAnywhere++
  }, killEveryMs)
  await delay(seconds * 1_000)
  clearInterval(killer)
  isEnding = true
  await Promise.all(
    [...alive].map(async (writer) => {
      const exit = once(writer, 'exit')
      if (writer.connected) writer.send('end')
      await exit
    }),
  )
  return { committed, counts }
}

function delaysOf(committed: ReadonlyMap<number, number>, reports: readonly KeeperReport[]): readonly number[] {
  const delays = [...committed].map(([seq, at]) =>
    Math.max(...reports.map(({ reached }) => (reached.find(([to]) => to >= seq)?.[1] ?? Infinity) - at)),
  )
  return delays.map((ms) => Math.max(0, ms)).toSorted((a, b) => a - b)
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
