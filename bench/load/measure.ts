import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { processTree } from '../../test/support/processes.ts'
import type { Order, Outcome, Report } from './generate.ts'

export interface Measured extends Outcome {
  readonly rate: number
  /** CPU time of the watched program per call, PostgreSQL left out; microseconds. */
  readonly cpuMicros: number
  readonly postgresMicros: number
}

export interface Cpu {
  readonly own: number
  readonly postgres: number
}

/** The processes that a measurement watches, each with all below it. */
export interface Watched {
  readonly pid: number
  readonly postgresPid?: number
}

const cpuOf = (root: number | undefined): number =>
  root === undefined ? 0 : processTree(root).reduce((total, each) => total + each.cpuMs, 0)

/** CPU time used so far, in milliseconds. */
const cpuNow = (watched: Watched | undefined): Cpu => ({
  own: cpuOf(watched?.pid),
  postgres: cpuOf(watched?.postgresPid),
})

/** A load generator that stays between measurements, so that it is warm for each. */
export class LoadGenerator implements Disposable {
  readonly #child = fork(join(import.meta.dirname, 'generate.ts'))

  async run(order: Order, watched?: Watched): Promise<Measured> {
    this.#child.send(order)
    let before: Cpu = { own: 0, postgres: 0 }
    for (;;) {
      const [report] = (await once(this.#child, 'message')) as [Report]
      if (report.kind === 'failed') throw new Error(report.why)
      if (report.kind === 'begin') {
        before = cpuNow(watched)
        continue
      }
      return measured(report.outcome, before, cpuNow(watched))
    }
  }

  [Symbol.dispose](): void {
    this.#child.disconnect()
  }
}

function measured(outcome: Outcome, before: Cpu, after: Cpu): Measured {
  const perCall = (ms: number) => (ms * 1000) / Math.max(1, outcome.calls)
  return {
    ...outcome,
    rate: outcome.calls / outcome.seconds,
    cpuMicros: perCall(after.own - before.own),
    postgresMicros: perCall(after.postgres - before.postgres),
  }
}
