import { CliError } from './cli-error.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * Arguments as JSON text. `key=value` becomes what the tool's schema says of `key`; numbers are passed on digit by digit, so that
 * large integers survive. Without a word in the schema a value is a string.
 */
export function argumentsJson(pairs: readonly string[], inputSchema: unknown): string {
  const members = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw new CliError(`--arg must be key=value, not ${JSON.stringify(pair)}`)
    const key = pair.slice(0, equals)
    if (members.has(key)) throw new CliError(`--arg ${key} is given twice; a list is written ${key}='["a","b"]'`)
    members.set(key, valueJson(key, pair.slice(equals + 1), typesOf(inputSchema, key)))
  }
  return `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}

function valueJson(key: string, text: string, types: readonly string[]): string {
  if (types.length === 0 || types.includes('string')) return JSON.stringify(text)
  if (isJson(text)) return text
  throw new CliError(`--arg ${key} must be ${types.join(' or ')} in JSON, not ${JSON.stringify(text)}`)
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function typesOf(inputSchema: unknown, key: string): readonly string[] {
  const properties = (inputSchema as Schema | null | undefined)?.['properties'] as Schema | undefined
  const property =
    properties !== undefined && Object.hasOwn(properties, key) ? (properties[key] as Schema | null) : undefined
  const type = property?.['type']
  return [type].flat().filter((one): one is string => typeof one === 'string')
}
