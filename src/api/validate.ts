import { Compile } from 'typebox/schema'
import type { TObject, TSchema } from 'typebox'
import { GatewayError } from '#/errors/gateway-error.ts'

/** Checks a value against a schema; throws a 422 that names the first field at fault, and all of them in `errors`. */
export type Check = (value: unknown) => void

interface Problem {
  readonly field: string
  readonly message: string
}

/** `within`: what the fields lie in, as a client would say it: `body`, `query`. */
export function checkerOf(schema: TSchema, within: string): Check {
  // Compiled when it is first needed: a worker that nobody asks for this keeps no code for it.
  let validator: ReturnType<typeof Compile<TSchema>> | undefined
  return (value) => {
    validator ??= Compile(schema)
    if (validator.Check(value)) return
    const [, errors] = validator.Errors(value)
    const problems = oneEach(errors).flatMap((error) => problemsOf(error, schema))
    const first = problems[0] ?? { field: '', message: `the ${within} is not valid` }
    const field = first.field === '' ? within : first.field
    throw new GatewayError('invalid_field', `${field}: ${first.message}`, { field, data: { errors: problems } })
  }
}

interface LocalError {
  readonly keyword: string
  /** Where in the schema the rule stands. */
  readonly schemaPath: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

/** One error for each mistake: what a field may be is one choice, and not one error for each text and one for their union. */
function oneEach(errors: readonly LocalError[]): readonly LocalError[] {
  const choices = Map.groupBy(
    errors.filter(({ keyword }) => keyword === 'const'),
    ({ instancePath }) => instancePath,
  )
  return fewest(errors).flatMap((error) => {
    // Of a field that is not known, the object says so too, and in words.
    if (error.keyword === 'boolean') return []
    const given = choices.get(error.instancePath)
    if (given === undefined) return [error]
    if (error.keyword === 'anyOf') return []
    if (error.keyword !== 'const') return [error]
    const allowed = given.map(({ params }) => String(Reflect.get(params, 'allowedValue')))
    return error === given[0] ? [{ ...error, message: `must be ${listed(allowed)}` }] : []
  })
}

/** Of several forms of a field, what is wrong with the one that was meant; where it is none of them, which there are. */
function fewest(errors: readonly LocalError[]): readonly LocalError[] {
  const open = new Set(errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath))
  return errors.flatMap((error) => {
    const { keyword, instancePath: at } = error
    if (!open.has(at) || (keyword !== 'anyOf' && keyword !== 'type')) return [error]
    const ofField = errors.filter(({ instancePath }) => instancePath === at || instancePath.startsWith(`${at}/`))
    const types = ofField.filter((one) => one.keyword === 'type' && one.instancePath === at)
    if (types.length === 0 || ofField.some((one) => one.keyword !== 'anyOf' && !types.includes(one))) {
      // What is wrong with one form is told by itself; a choice among words keeps its own.
      return keyword === 'anyOf' && ofField.some((one) => one.keyword === 'const') ? [error] : []
    }
    if (error !== types[0]) return []
    const names = types.flatMap(({ params }) => Reflect.get(params, 'type') as string | readonly string[])
    return [{ ...error, message: `must be ${listed([...new Set(names)])}` }]
  })
}

const listed = (words: readonly string[]): string =>
  words.length < 3 ? words.join(' or ') : `one of ${words.join(', ')}`

function problemsOf(error: LocalError, schema: TSchema): readonly Problem[] {
  const at = error.instancePath.split('/').slice(1).map(unescapePointer)
  const missing = error.keyword === 'required' ? Reflect.get(error.params, 'requiredProperties') : undefined
  const unknown =
    error.keyword === 'additionalProperties' ? Reflect.get(error.params, 'additionalProperties') : undefined
  if (Array.isArray(unknown))
    return unknown.map((name) => ({ field: [...at, String(name)].join('.'), message: 'is not known here' }))
  if (!Array.isArray(missing)) return [{ field: at.join('.'), message: messageOf(error, schema) }]
  return missing.map((name) => ({ field: [...at, String(name)].join('.'), message: 'is required' }))
}

/** A pattern is nothing to read: what the schema says of itself is. */
function messageOf({ keyword, schemaPath, message }: LocalError, schema: TSchema): string {
  if (keyword !== 'pattern') return message
  const parts = schemaPath.split('/').slice(1).map(unescapePointer)
  const rule = parts.reduce<unknown>((at, part) => (Object(at) as Record<string, unknown>)[part], schema)
  const said: unknown = (Object(rule) as Record<string, unknown>)['description']
  return typeof said === 'string' ? inWords(said) : message
}

/** What something is, what it has, or what it is made of. */
function inWords(said: string): string {
  const [rule = said] = said.split(': ')
  if (/^an? /i.test(rule)) return `must be ${rule.slice(0, 1).toLowerCase()}${rule.slice(1)}`
  return rule.startsWith('with ') ? `must have ${rule.slice('with '.length)}` : `must be made of ${rule}`
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** A query string's texts as the types their schema asks for. What cannot be converted stays text and fails the check. */
export function queryValues(schema: TObject, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = Object.hasOwn(query, name) ? query[name] : undefined
    if (value !== undefined) out[name] = converted(Reflect.get(property, 'type'), value)
  }
  return out
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

function converted(type: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (type === 'integer' || type === 'number') return /^-?\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : value
  if (type === 'boolean') return BOOLEANS[value.toLowerCase()] ?? value
  return value
}
