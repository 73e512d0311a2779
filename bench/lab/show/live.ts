import type { Tick } from '../results.ts'
import type { Scenario } from '../scenario.ts'
import { tickLine, tickLines } from './tick-lines.ts'

/** Where progress is shown; process.stderr is one. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Shows how a load goes. */
export interface Live {
  /** A step of the preparation. */
  say(text: string): void
  tick(tick: Tick, scenario: Scenario): void
}

const PLAIN_EVERY_S = 5

/** On a terminal one block that is drawn anew each second, elsewhere a line every few seconds. */
export function liveOn(screen: Screen): Live {
  const moves = screen.isTTY === true
  let drawn = 0
  return {
    say(text) {
      drawn = 0
      screen.write(`${text}\n`)
    },
    tick(tick, scenario) {
      if (!moves) {
        if (tick.at % PLAIN_EVERY_S === 0) screen.write(`${tickLine(tick, scenario)}\n`)
        return
      }
      const width = (screen.columns ?? 80) - 1
      const lines = tickLines(tick, scenario).map((line) => line.slice(0, width))
      const back = drawn === 0 ? '' : `\u001B[${drawn}A`
      screen.write(`${back}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`)
      drawn = lines.length
    },
  }
}
