import { InvalidArgumentError } from 'commander'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

const ZONE = /^[A-Za-z][\w+/-]*$/

/** A member of usage_limits. */
export type Limit = readonly [name: string, calls: number]

/** `100/hour`, once for each span. */
export function collectLimit(text: string, previous: readonly Limit[] = []): readonly Limit[] {
  const [, calls = '', span = ''] = /^([1-9]\d{0,8})\/(hour|day|month)$/.exec(text) ?? []
  if (span === '') throw new InvalidArgumentError('it must be like 100/hour, 1000/day or 20000/month.')
  const name = `requests_per_${span}`
  if (previous.some(([each]) => each === name)) throw new InvalidArgumentError(`the calls of a ${span} are said twice.`)
  return [...previous, [name, Number(calls)]]
}

/** `mon-fri 09:00-17:00 Europe/Berlin`: days, times, time zone, each of which may be left out. */
export function hoursOf(text: string): object {
  const said: Record<string, unknown> = {}
  for (const word of text.trim().split(/\s+/)) {
    const times = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(word)
    const days = daysIn(word.toLowerCase())
    const name = times !== null ? 'start_time' : days !== undefined ? 'days' : 'timezone'
    if (name in said || (name === 'timezone' && !ZONE.test(word)))
      throw new InvalidArgumentError(
        `'${word}' is not understood: it must be like "mon-fri 09:00-17:00 Europe/Berlin".`,
      )
    Object.assign(said, times === null ? { [name]: days ?? word } : { start_time: times[1], end_time: times[2] })
  }
  if (!('days' in said) && !('start_time' in said)) throw new InvalidArgumentError('say days, times of day, or both.')
  return said
}

/** `mon-fri`, `sat,sun`, `mon`; undefined: it is no days. */
function daysIn(word: string): readonly string[] | undefined {
  const days: string[] = []
  for (const part of word.split(',')) {
    const [first = '', last = first, ...rest] = part.split('-')
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)]
    if (from === -1 || to === -1 || rest.length > 0) return undefined
    for (let n = from; ; n = (n + 1) % DAYS.length) {
      days.push(DAYS[n] as string)
      if (n === to) break
    }
  }
  return days
}
