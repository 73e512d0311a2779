import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownPostgres, until } from '../../test/faults/site.ts'
import { workersOf } from '../../test/faults/workers.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { Line } from '../load/line.ts'
import { startProgram } from '../program.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, noted, within } from './findings.ts'
import { makeToken } from './outage.ts'
import { doorsTo, waitingAtStdio, type Door } from './leaving.ts'

const LEAVERS = 1_000
const ROUNDS = 3

/** Of the servers, all together. */
interface Counted {
  readonly begun: number
  readonly open: number
  readonly cancelled: number
}

interface Left {
  /** Until the servers were rid of all calls. */
  readonly ms: number
  /** Streams that had begun. */
  readonly streams: number
}

/** Calls that nobody waits for any more, as many through each door. */
async function leave(gateway: RunningGateway, doors: readonly Door[], open: () => Promise<number>): Promise<Left> {
  const streaming: Line[] = []
  const lines: Line[] = []
  for (let n = 0; n < LEAVERS; n++) {
    const door = doors[n % doors.length] as Door
    const line = new Line(new URL(gateway.url), () => {})
    line.send(door.bytes, () => {})
    lines.push(line)
    if (door.streams) streaming.push(line)
  }
  await until('all calls hang', async () => (await open()) === LEAVERS, 20_000)
  await until('all streams have begun', () => streaming.every((line) => line.hears), 5_000)
  for (const line of lines) line.cut()
  const ms = await until('the servers are rid of them', async () => (await open()) === 0, 10_000)
  return { ms, streams: streaming.length }
}

interface Held {
  readonly heap: number
  readonly inFlight: number
  readonly queued: number
  readonly handles: number
}

/** Longer than what nobody uses any more is kept before it is swept. */
const QUIET_MS = 5_500

/** What one worker has after a full collection. */
async function held(gateway: RunningGateway): Promise<Held> {
  const worker = workersOf(gateway)[0]?.pid ?? 0
  process.kill(worker, 'SIGUSR2')
  await sleep(500)
  const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.token}` } })
  const text = await response.text()
  const of = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  return {
    heap: of('causeway_heap_used_bytes') / 1e6,
    inFlight: of('causeway_calls_in_flight'),
    queued: of('causeway_usage_records_queued'),
    handles: readdirSync(`/proc/${worker}/fd`).length,
  }
}

const PRELOAD = join(import.meta.dirname, '../../test/fixtures/collect-on-signal.ts')

async function run(lab: Lab): Promise<readonly Finding[]> {
  const postgres = await lab.shared(ownPostgres)
  await using server = await startProgram('../test/fixtures/bad-server.ts')
  const env = { DATABASE_URL: await postgres.database(), NODE_OPTIONS: `--import=${PRELOAD}` }
  await using gateway = await startGateway({ env })
  const other = await makeToken(gateway, 'other', ['tools.execute'])
  const doors = await doorsTo(gateway, server, [gateway.token, other.text])
  const looker = await makeToken(gateway, 'looker', ['tools.execute', 'tools.read'])
  const counted = async () => (await (await fetch(`${server.url}/calls`)).json()) as Counted
  const open = async () => (await counted()).open + (await waitingAtStdio(gateway, looker.text))
  const left: Left[] = []
  const rounds: Held[] = [await held(gateway)]
  for (let n = 0; n < ROUNDS; n++) {
    left.push(await leave(gateway, doors, open))
    // What is compared is the first and the last.
    if (lab.short && n > 0 && n < ROUNDS - 1) continue
    await sleep(QUIET_MS)
    rounds.push(await held(gateway))
  }
  return findingsOf({ doors, left, rounds, counted: await counted() })
}

interface Found {
  readonly doors: readonly Door[]
  readonly left: readonly Left[]
  readonly rounds: readonly Held[]
  readonly counted: Counted
}

function findingsOf({ doors, left, rounds, counted: { begun, cancelled } }: Found): readonly Finding[] {
  const [first, last] = [rounds[1], rounds.at(-1)]
  const grown = (last?.heap ?? Number.NaN) - (first?.heap ?? Number.NaN)
  const more = (last?.handles ?? Number.NaN) - (first?.handles ?? Number.NaN)
  const share = (of: (door: Door) => boolean): number => (LEAVERS * ROUNDS * doors.filter(of).length) / doors.length
  return [
    exactly(
      'calls that reached a server over HTTP',
      share(({ name }) => name !== 'stdio'),
      begun,
    ),
    exactly(
      'streams that had begun',
      share(({ streams }) => streams),
      left.reduce((sum, { streams }) => sum + streams, 0),
    ),
    within(
      'the servers are rid of a thousand after',
      { must: 1_000, goal: 500 },
      Math.max(...left.map(({ ms }) => ms)),
    ),
    least(
      'legacy servers told so',
      share(({ told }) => told),
      cancelled,
    ),
    exactly('calls in flight afterwards', 0, last?.inFlight ?? Number.NaN),
    exactly('usage records still in memory', 0, last?.queued ?? Number.NaN),
    bounded(
      { figure: 'open files after the third thousand, over after the first', must: 8, goal: 2, unit: '', digits: 0 },
      more,
    ),
    bounded({ figure: 'heap after the third thousand, over after the first', must: 2, goal: 1, unit: ' MB' }, grown),
    noted('heap before and after', rounds.map(({ heap }) => `${heap.toFixed(1)} MB`).join(', ')),
    noted('through', [...new Set(doors.map(({ name }) => name))].join(', ')),
  ]
}

export const leavers: Fault = {
  name: 'clients that leave',
  what: 'three times a thousand calls through every door, in both eras, whose clients go away while the server hangs',
  short: true,
  run,
}
