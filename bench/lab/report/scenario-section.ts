import type { Results } from '../results.ts'
import { markup, type Markup } from './markup.ts'
import { digits, duration, UNITS, whole } from './units.ts'

const MOST_IN_A_LINE = 88

const entries = (value: object): string[] =>
  Array.isArray(value) ? value.map(() => '') : Object.keys(value).map((key) => `${JSON.stringify(key)}: `)

/** JSON as one would write it by hand: what fits in a line stays in one. */
export function writtenOut(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const names = entries(value)
  const parts = Object.values(value).map((each, index) => (names[index] ?? '') + writtenOut(each, `${indent}  `))
  const [open, close, room] = Array.isArray(value) ? ['[', ']', ''] : ['{', '}', ' ']
  const short = parts.length === 0 ? open + close : `${open}${room}${parts.join(', ')}${room}${close}`
  if (!short.includes('\n') && indent.length + short.length <= MOST_IN_A_LINE) return short
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`
}

export const scenarioSection = ({ scenario }: Results): Markup => markup`<pre>${writtenOut(scenario)}</pre>`

/** Where and by what it was measured. */
export function machineSection({ machine, generators, beganAt, target }: Results): Markup {
  const { processes, loopDelayP99Ms, cpuPercent, cpuMicrosPerAnswer } = generators
  return markup`<p><b>${target.name}</b> ${target.version ?? 'of a version that it does not tell'}, at <code>${target.url}</code>, from ${beganAt}.</p>
<p>${whole(machine.cores)} cores of ${machine.cpu}, ${digits(machine.memoryGb)} GB of memory, Node ${machine.node.replace(/^v/, '')}.</p>
<p>The load came from ${whole(processes)} ${processes === 1 ? 'process' : 'processes'} that took ${digits(cpuPercent)} % of a core, ${UNITS.ms(cpuMicrosPerAnswer / 1000)} an answer, and were ${digits(loopDelayP99Ms)} ms late at p99.</p>`
}

/** In a line: how much of what for how long. */
export function loadInWords({ scenario: { loop }, measuredSeconds }: Results): string {
  const users = `${whole(loop.users)} users`
  const pace =
    loop.kind === 'open'
      ? `${digits(loop.perSecond)} requests/s whatever is answered`
      : `${loop.thinkSeconds.join(' to ')} s between an answer and the next request`
  return `${users}, ${pace}; ${duration(measuredSeconds)} measured`
}
