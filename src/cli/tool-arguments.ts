import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

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
    members.set(key, valueJson(key, pair.slice(equals + 1), typesOf(propertyOf(inputSchema, key))))
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

/** One argument of a tool, for people. */
export interface Parameter {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

/** What a tool takes as its schema tells it, the required ones first. */
export function parametersOf(inputSchema: unknown): readonly Parameter[] {
  const required = asSchema(asSchema(inputSchema)['required'])
  const names = Object.keys(asSchema(asSchema(inputSchema)['properties']))
  return names
    .map((name) => ({
      name: plainText(name),
      type: plainText(typeText(propertyOf(inputSchema, name))),
      required: Object.values(required).includes(name),
      description: plainText(propertyOf(inputSchema, name)['description']),
    }))
    .toSorted((a, b) => Number(b.required) - Number(a.required))
}

function typeText(property: Schema): string {
  const choices = property['enum']
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(' | ')
  return typesOf(property).join(' | ') || 'any'
}

function typesOf(property: Schema): readonly string[] {
  return [property['type']].flat().filter((one): one is string => typeof one === 'string')
}

function propertyOf(inputSchema: unknown, key: string): Schema {
  const properties = asSchema(asSchema(inputSchema)['properties'])
  return Object.hasOwn(properties, key) ? asSchema(properties[key]) : {}
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {}
}
