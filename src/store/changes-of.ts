import { isDeepStrictEqual } from 'node:util'

export type Fields = Readonly<Record<string, unknown>>

/** By name what was and what is. Of what is long there is only that it changed; what is secret is not given to be compared. */
export type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown] | 'changed'>>

/** In characters of JSON. */
const LONG = 1_000

/** What a record says of a change: every field of `after` that was something else. Empty: the change changed nothing. */
export function changesOf(before: Fields, after: Fields): { readonly changes: Changes } {
  const both = Object.entries(after).map(
    ([name, value]) => [name, [before[name] ?? null, value ?? null] as const] as const,
  )
  const others = both.filter(([, [was, is]]) => !isDeepStrictEqual(was, is))
  return { changes: Object.fromEntries(others.map(([name, pair]) => [name, isLong(pair) ? 'changed' : pair])) }
}

const isLong = (value: unknown): boolean => JSON.stringify(value).length > LONG
