import { isObject } from '#/lib/is-object.ts'
import { plainText } from './terminal.ts'

type Schema = Readonly<Record<string, unknown>>

/** One argument as a JSON Schema tells of it; what the schema does not say is empty. */
export interface Parameter {
  readonly name: string
  readonly types: readonly string[]
  /** The only values there are; null: no such list. */
  readonly choices: readonly Choice[] | null
  /** undefined: none. */
  readonly default: unknown
  readonly required: boolean
  readonly description: string
  /** Of the items of a list. */
  readonly items: Shape
}

export interface Choice {
  readonly value: unknown
  readonly title: string
}

export type Shape = Pick<Parameter, 'types' | 'choices'>

const ANYTHING: Shape = { types: [], choices: null }
/** References to references end somewhere, or are no schema. */
const DEPTH = 8

/** What an object of this schema is made of, the required first. A schema of any shape is survived. */
export function parametersOf(schema: unknown): readonly Parameter[] {
  const { properties, required } = asSchema(schema)
  const needed = Array.isArray(required) ? (required as readonly unknown[]) : []
  return Object.keys(asSchema(properties))
    .map((name) => parameterOf(schema, name, needed.includes(name)))
    .toSorted((a, b) => Number(b.required) - Number(a.required))
}

function parameterOf(root: unknown, name: string, required: boolean): Parameter {
  const property = asSchema(asSchema(asSchema(root)['properties'])[name])
  const parts = partsOf(property, root, DEPTH)
  const first = (keyword: string): unknown => parts.find((part) => part[keyword] !== undefined)?.[keyword]
  return {
    name,
    ...shapeOf(parts),
    default: first('default'),
    required,
    description: plainText(first('description') ?? first('title')),
    items: shapeOf(partsOf(asSchema(first('items')), root, DEPTH)),
  }
}

/** Whether arguments beside the ones that are named make a call wrong. */
export const isClosed = (schema: unknown): boolean => asSchema(schema)['additionalProperties'] === false

/** How a value is written down for people: `integer`, `"a" | "b"`, `string[]`. */
export function typeText({ types, choices, items = ANYTHING }: Shape & Partial<Pick<Parameter, 'items'>>): string {
  if (choices !== null) return choices.map(({ value }) => plainText(JSON.stringify(value))).join(' | ')
  const inner = items === ANYTHING ? '' : typeText(items)
  const named = types.map((type) => (type === 'array' && inner !== '' && inner !== 'any' ? bracketed(inner) : type))
  return plainText(named.join(' | ')) || 'any'
}

const bracketed = (inner: string): string => (inner.includes(' ') ? `(${inner})[]` : `${inner}[]`)

/** The schema and all that it points to or offers as an alternative. */
function partsOf(schema: Schema, root: unknown, depth: number): readonly Schema[] {
  if (depth === 0) return [schema]
  const nested = [
    referred(schema['$ref'], root),
    ...['anyOf', 'oneOf', 'allOf'].flatMap((keyword) =>
      Array.isArray(schema[keyword]) ? (schema[keyword] as readonly unknown[]) : [],
    ),
  ].map(asSchema)
  return [schema, ...nested.flatMap((each) => partsOf(each, root, depth - 1))]
}

function referred(ref: unknown, root: unknown): unknown {
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return {}
  const keys = ref.slice(2).split('/')
  const plain = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~')
  return keys.reduce<unknown>((at, key) => asSchema(at)[plain(key)], root)
}

function shapeOf(parts: readonly Schema[]): Shape {
  const types = parts.flatMap((part) => [part['type']].flat()).filter((one) => typeof one === 'string')
  const choices = parts.flatMap(choicesOf)
  // Beside an alternative that is no list of choices, other values are as good.
  const onlyChoices = choices.length > 0 && parts.every((part) => choicesOf(part).length > 0 || !isAlternative(part))
  return { types: [...new Set(types)], choices: onlyChoices ? choices : null }
}

/** A schema that says by itself what a value may be, but not one by one. */
function isAlternative(part: Schema): boolean {
  const passesOn = ['$ref', 'anyOf', 'oneOf', 'allOf'].some((keyword) => part[keyword] !== undefined)
  return !passesOn && part['type'] !== undefined && part['type'] !== 'null'
}

function choicesOf(part: Schema): readonly Choice[] {
  const { enum: listed, const: only, title, enumNames } = part
  if (only !== undefined) return [{ value: only, title: plainText(title) }]
  if (!Array.isArray(listed)) return []
  const titles = Array.isArray(enumNames) ? (enumNames as readonly unknown[]) : []
  return (listed as readonly unknown[]).map((value, at) => ({ value, title: plainText(titles[at]) }))
}

/** A member that the schema's author wrote, not one that every object has. */
function asSchema(value: unknown): Schema {
  return isObject(value) ? Object.assign(Object.create(null) as Schema, value) : {}
}
