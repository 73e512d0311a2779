/** What a corpus says of an answer, against the answer. Objects name what matters; what they do not name may be there. */

const FORMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  any: () => true,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  hex: (value) => /^[0-9a-f]{32}$/.test(String(value)),
  uuid: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(value)),
  iso: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(value)),
  'string or null': (value) => value === null || typeof value === 'string',
  absent: (value) => value === undefined,
}

type Json = Readonly<Record<string, unknown>>

/** Every difference, each with the place where it is; none: the answer is as recorded. */
export function differences(expected: unknown, found: unknown, at = 'body'): readonly string[] {
  if (typeof expected === 'string') return textDifference(expected, found, at)
  if (Array.isArray(expected)) return listDifferences(expected, found, at)
  if (typeof expected === 'object' && expected !== null) return objectDifferences(expected as Json, found, at)
  return Object.is(expected, found) ? [] : [told(at, expected, found)]
}

function textDifference(expected: string, found: unknown, at: string): readonly string[] {
  const form = /^<(.+)>$/.exec(expected)?.[1]
  if (form === undefined) return expected === found ? [] : [told(at, expected, found)]
  const [kind = '', pattern] = form.split(': ', 2)
  if (kind === 'text') return new RegExp(pattern ?? '').test(String(found)) ? [] : [told(at, expected, found)]
  const test = FORMS[kind]
  if (test === undefined) throw new Error(`the corpus uses an unknown form ${expected}`)
  return test(found) ? [] : [told(at, expected, found)]
}

function listDifferences(expected: readonly unknown[], found: unknown, at: string): readonly string[] {
  if (!Array.isArray(found)) return [told(at, expected, found)]
  if (found.length !== expected.length) return [told(`${at}.length`, expected.length, found)]
  return expected.flatMap((each, n) => differences(each, found[n], `${at}.${n}`))
}

/** `$keys`: exactly these members, in this order. `$some`: a list with one such entry. `$none`: a list without one. */
function objectDifferences(expected: Json, found: unknown, at: string): readonly string[] {
  const { $keys, $some, $none, $length, ...members } = expected
  if ($some !== undefined || $none !== undefined || $length !== undefined) {
    if (!Array.isArray(found)) return [told(at, expected, found)]
    const has = (wanted: unknown) => found.some((each) => differences(wanted, each).length === 0)
    if ($some !== undefined && !has($some)) return [told(`${at} has no`, $some, found)]
    if ($none !== undefined && has($none)) return [told(`${at} has`, $none, found)]
    return $length === undefined || found.length === $length ? [] : [told(`${at}.length`, $length, found)]
  }
  if (typeof found !== 'object' || found === null) return [told(at, expected, found)]
  const keys = Object.keys(found).join(' ')
  const wanted = Array.isArray($keys) ? $keys.join(' ') : $keys
  return [
    ...(wanted === undefined || wanted === keys ? [] : [told(`${at}, its members`, wanted, keys)]),
    ...Object.entries(members).flatMap(([key, value]) => differences(value, (found as Json)[key], `${at}.${key}`)),
  ]
}

function told(at: string, expected: unknown, found: unknown): string {
  return `${at}: expected ${JSON.stringify(expected)}, found ${(JSON.stringify(found) ?? 'nothing').slice(0, 600)}`
}
