import { nearest } from '#/lib/nearest.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { isObject } from '#/lib/is-object.ts'
import { CliError } from './cli-error.ts'
import { isClosed, parametersOf, typeText, type Parameter, type Shape } from './input-schema.ts'

/** The arguments of a call: by name, each as JSON text, so that numbers are passed on digit by digit. */
export type Arguments = ReadonlyMap<string, string>

export const argumentsJson = (members: Arguments): string =>
  `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`

/**
 * `key=value` becomes what the tool's schema says of `key`, `key:=JSON` is taken as it is. A list is given in JSON, or by saying the
 * key again. Without a word in the schema a value is a string.
 */
export function pairedArguments(pairs: readonly string[], inputSchema: unknown): Arguments {
  const parameters = parametersOf(inputSchema)
  const given = Map.groupBy(pairs.map(pairOf), ({ key }) => key)
  const members = new Map<string, string>()
  for (const [key, values] of given) {
    const parameter = parameters.find(({ name }) => name === key)
    if (parameter === undefined && isClosed(inputSchema)) throw unknownArgument(key, parameters)
    members.set(key, memberJson(parameter ?? { ...UNKNOWN, name: key }, values))
  }
  return members
}

const UNKNOWN: Omit<Parameter, 'name'> = {
  types: [],
  choices: null,
  default: undefined,
  required: false,
  description: '',
  items: { types: [], choices: null },
}

interface Pair {
  readonly key: string
  readonly text: string
  readonly raw: boolean
}

function pairOf(pair: string): Pair {
  const equals = pair.indexOf('=')
  const raw = pair[equals - 1] === ':'
  const key = pair.slice(0, raw ? equals - 1 : equals)
  if (equals < 1 || key === '') throw wrong(`--arg must be key=value or key:=JSON, not ${JSON.stringify(pair)}`)
  return { key, text: pair.slice(equals + 1), raw }
}

const wrong = (message: string): CliError => new CliError(message, { code: 'invalid_argument' })

function unknownArgument(key: string, parameters: readonly Parameter[]): CliError {
  const names = parameters.map(({ name }) => name)
  const meant = nearest(key, names)
  const instead = meant === null ? `it takes ${names.join(', ') || 'nothing'}` : `did you mean ${meant}?`
  return wrong(`the tool takes no argument ${JSON.stringify(key)}: ${instead}`)
}

function memberJson(parameter: Parameter, values: readonly Pair[]): string {
  const { name, types } = parameter
  const [first = { key: name, text: '', raw: false }, ...more] = values
  if (first.raw && more.length === 0) return rawJson(first)
  const isList = types.includes('array') && !types.includes('string')
  if (more.length > 0 && (!isList || values.some(({ raw }) => raw)))
    throw wrong(`--arg ${name} is given twice${isList ? '' : `; a list is written ${name}:='["a","b"]'`}`)
  if (!isList) return valueJson(`--arg ${name}`, first.text, parameter)
  if (more.length === 0 && isJson(first.text) && first.text.trimStart().startsWith('[')) return first.text
  return `[${values.map(({ text }) => valueJson(`--arg ${name}`, text, parameter.items)).join(',')}]`
}

function rawJson({ key, text }: Pair): string {
  if (isJson(text)) return text
  throw wrong(`--arg ${key}:= must be JSON, not ${JSON.stringify(text)}; plain text is written ${key}=${text}`)
}

const YES = /^(true|yes|on|1)$/i
const NO = /^(false|no|off|0)$/i

/** What somebody wrote, as the JSON that the schema wants; `what` names it in the error. */
export function valueJson(what: string, text: string, shape: Shape): string {
  const { types, choices } = shape
  if (choices !== null) {
    const chosen = choices.find(({ value }) => value === text || JSON.stringify(value) === text)
    if (chosen !== undefined) return JSON.stringify(chosen.value)
    throw wrong(`${what} must be one of ${typeText(shape)}, not ${JSON.stringify(text)}`)
  }
  if (types.length === 0 || types.includes('string')) return JSON.stringify(text)
  if (types.includes('number') && isNumber(text)) return text
  if (types.includes('integer') && isNumber(text) && /^-?\d+(\.0+)?$/.test(text)) return text
  if (types.includes('boolean') && (YES.test(text) || NO.test(text))) return YES.test(text) ? 'true' : 'false'
  if (types.includes('null') && text === 'null') return text
  if (types.includes('object') && isJson(text) && text.trimStart().startsWith('{')) return text
  if (types.includes('array') && isJson(text) && text.trimStart().startsWith('[')) return text
  throw wrong(`${what} must be ${types.join(' or ')}, not ${JSON.stringify(text)}`)
}

/** As JSON writes numbers. */
const isNumber = (text: string): boolean => /^-?\d/.test(text) && isJson(text)

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The members of a JSON object that somebody wrote whole. */
export function wholeArguments(text: string, from: string): Arguments {
  const value = isJson(text) ? exactJson(text) : undefined
  if (!isObject(value)) throw wrong(`${from} must be a JSON object, such as '{"a": 1}'`)
  return new Map(Object.entries(value).map(([key, member]) => [key, JSON.stringify(member)]))
}

/** What the tool cannot do without and was not given. */
export function missingOf(inputSchema: unknown, given: Arguments): readonly Parameter[] {
  return parametersOf(inputSchema).filter(({ name, required }) => required && !given.has(name))
}

/** One value that the schema would take, for a line to copy. */
export function exampleOf({ name, types, choices, default: fallback }: Parameter): string {
  const value = fallback ?? choices?.[0]?.value
  const shown = typeof value === 'string' ? value : value === undefined ? sample(types) : JSON.stringify(value)
  const pair = `${name}=${shown}`
  return /^[\w@%+=:,./-]+$/.test(pair) ? pair : `'${pair.replaceAll("'", String.raw`'\''`)}'`
}

function sample(types: readonly string[]): string {
  if (types.includes('string') || types.length === 0) return 'TEXT'
  if (types.includes('integer') || types.includes('number')) return '1'
  if (types.includes('boolean')) return 'true'
  return types.includes('array') ? '["…"]' : '{"…": "…"}'
}
