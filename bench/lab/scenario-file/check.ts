/** Says what is wrong with a value, and where. */
export type Say = (at: string, what: string) => void
export type Check = (value: unknown, at: string, say: Say) => void

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? '?').slice(0, 60)

export const number =
  (least: number, most: number): Check =>
  (value, at, say) => {
    if (typeof value !== 'number' || !(value >= least && value <= most))
      say(at, `must be a number from ${least} to ${most}, not ${shown(value)}`)
  }

export const integer =
  (least: number, most: number): Check =>
  (value, at, say) => {
    if (!Number.isInteger(value) || !(Number(value) >= least && Number(value) <= most))
      say(at, `must be a whole number from ${least} to ${most}, not ${shown(value)}`)
  }

export const text =
  (what: string, pattern: RegExp): Check =>
  (value, at, say) => {
    if (typeof value !== 'string' || !pattern.test(value)) say(at, `must be ${what}, not ${shown(value)}`)
  }

export const oneOf =
  (...words: readonly string[]): Check =>
  (value, at, say) => {
    if (!words.includes(value as string)) say(at, `must be one of ${words.join(', ')}, not ${shown(value)}`)
  }

/** From and to. */
export const range =
  (least: number, most: number): Check =>
  (value, at, say) => {
    const [from, to] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : []
    if (typeof from !== 'number' || typeof to !== 'number')
      return say(at, `must be two numbers, from and to, such as [5, 15], not ${shown(value)}`)
    if (!(from >= least && to <= most)) say(at, `must lie between ${least} and ${most}, not ${shown(value)}`)
    if (from > to) say(at, `must not end before it begins: ${shown(value)}`)
  }

/** An object with exactly these members. */
export const object =
  (members: Readonly<Record<string, Check>>): Check =>
  (value, at, say) => {
    if (!isObject(value)) return say(at, `must be an object, not ${shown(value)}`)
    const below = (name: string): string => (at === '' ? name : `${at}.${name}`)
    for (const [name, check] of Object.entries(members)) check(value[name], below(name), say)
    for (const name of Object.keys(value))
      if (!Object.hasOwn(members, name))
        say(below(name), `is not known here; there are ${Object.keys(members).join(', ')}`)
  }

/** Which members there are depends on the word in one of them. */
export const variants =
  (by: string, kinds: Readonly<Record<string, Check>>): Check =>
  (value, at, say) => {
    if (!isObject(value)) return say(at, `must be an object, not ${shown(value)}`)
    const kind = value[by]
    const check = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
    if (check === undefined) oneOf(...Object.keys(kinds))(kind, `${at}.${by}`, say)
    else check(value, at, say)
  }

export const list =
  (item: Check, least: number): Check =>
  (value, at, say) => {
    if (!Array.isArray(value)) return say(at, `must be a list, not ${shown(value)}`)
    if (value.length < least) say(at, `must have at least ${least} item`)
    value.forEach((each, n) => item(each, `${at}[${n}]`, say))
  }

/** Shares are parts of 100: all of it, or at most. */
export const sharing =
  (check: Check, sum: 'all' | 'at most'): Check =>
  (value, at, say) => {
    check(value, at, say)
    const shares = Array.isArray(value)
      ? value.map((each) => (isObject(each) ? each['share'] : undefined))
      : valuesOf(value)
    if (shares.length === 0 || !shares.every((share) => typeof share === 'number')) return
    const total = Math.round(shares.reduce((all, share) => all + share, 0) * 1000) / 1000
    if (total > 100 || (sum === 'all' && total < 100))
      say(at, `the shares must add up to ${sum === 'all' ? '' : 'at most '}100, not ${total}`)
  }

const valuesOf = (value: unknown): unknown[] => (isObject(value) ? Object.values(value) : [])

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
