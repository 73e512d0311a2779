interface Context {
  readonly source?: string
}

interface RawJson {
  parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): boolean
}

const Exact = JSON as unknown as RawJson

/** Digits that a double may not hold, or a spelling of a number that it would not give back. */
const FRAGILE = /\d{16}|\d[.eE]\d|-0/

/** JSON text as a value that stringifies to the same numbers: 2^53 + 1 stays what it is. */
export function exactJson(text: string): unknown {
  if (!FRAGILE.test(text)) return JSON.parse(text)
  return Exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? Exact.rawJSON(source) : value,
  )
}

/** Whether a value is a number that only its text holds. */
export function isExactNumber(value: unknown): boolean {
  return Exact.isRawJSON(value)
}
