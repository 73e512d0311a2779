import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Crowd } from './generator/crowd.ts'
import type { Order, Part, Report, Sums } from './generator/orders.ts'
import { Tally } from './generator/tally.ts'

/** A process that makes load: its part of the users. It is told what to do by its parent, and ends with it. */

/** What Node calls the delay contains the time between two looks. */
const LOOKS_EVERY_MS = 20

const stopping = new AbortController()
let part: Part | null = null

const say = (report: Report): void => void process.send?.(report)

process.on('message', (order: Order) => {
  if (order.kind === 'prepare') {
    part = order.part
    say({ kind: 'ready' })
  } else if (order.kind === 'stop') stopping.abort()
  else if (part !== null) run(part, order.at - performance.timeOrigin).catch(broken)
})
process.on('disconnect', () => process.exit())
process.on('uncaughtException', broken)
process.on('unhandledRejection', broken)
// A terminal's Ctrl-C reaches every process of the group; the parent decides what follows from it.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

function broken(error: unknown): void {
  say({ kind: 'broken', why: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}

/** @param begins on the clock of performance.now(). */
async function run(given: Part, begins: number): Promise<void> {
  const { rampSeconds, seconds, patienceSeconds } = given.scenario
  const window = { from: begins + rampSeconds * 1000, to: begins + (rampSeconds + seconds) * 1000 }
  const tally = new Tally(window)
  using crowd = new Crowd(given, tally)
  crowd.run(begins, window.to)
  const delay = monitorEventLoopDelay({ resolution: LOOKS_EVERY_MS })
  let cpu = process.cpuUsage()
  let measuredFrom = window.from
  const last = window.to + patienceSeconds * 1000 + 1000
  let second = 1
  for (; ; second++) {
    const at = begins + second * 1000
    await sleep(Math.max(0, at - performance.now()), undefined, { signal: stopping.signal }).catch(() => undefined)
    say({ kind: 'tick', tick: tally.tick(second) })
    if (at >= window.from && at < window.from + 1000) {
      cpu = process.cpuUsage()
      measuredFrom = performance.now()
      delay.enable()
    }
    const over = performance.now() >= window.to && (tally.underWay === 0 || at > last)
    if (over || stopping.signal.aborted) break
  }
  const { user, system } = process.cpuUsage(cpu)
  // One that is cut within its ramp has measured nothing.
  const elapsedMs = Math.max(0, performance.now() - measuredFrom)
  const sums: Sums = {
    kinds: tally.kinds(),
    failures: tally.failures(),
    foreignAnswers: tally.foreignAnswers,
    loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - LOOKS_EVERY_MS),
    cpuMs: elapsedMs === 0 ? 0 : (user + system) / 1000,
    elapsedMs,
    answers: tally.answers,
    lastTick: second,
  }
  say({ kind: 'end', sums })
}
