import { ToolFault, type Json, type ObjectSchema, type Property } from './tool.ts'

/** The arguments with defaults filled in; throws a ToolFault that names every mistake. */
export function checkedArguments({ properties, required = [] }: ObjectSchema, given: Json): Json {
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => `there is no argument '${name}': it takes ${Object.keys(properties).join(', ') || 'none'}`)
  const args: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    const value = Object.hasOwn(given, name) ? given[name] : property.default
    const problem = value === undefined ? missing(name, required) : problemOf(property, value)
    if (problem !== undefined) problems.push(`${name} ${problem}`)
    if (value !== undefined) args[name] = value
  }
  if (problems.length > 0) throw new ToolFault(problems.join('; '))
  return args
}

const missing = (name: string, required: readonly string[]): string | undefined =>
  required.includes(name) ? 'is missing' : undefined

const IS: Readonly<Record<Property['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

function problemOf(property: Property, value: unknown): string | undefined {
  if (!IS[property.type](value)) return `must be ${/^[aio]/.test(property.type) ? 'an' : 'a'} ${property.type}`
  if (typeof value === 'number') return outside(value, property.minimum, property.maximum)
  if (typeof value === 'string') return problemOfText(property, value)
  if (!Array.isArray(value)) return undefined
  const size = outside(value.length, property.minItems, property.maxItems)
  if (size !== undefined) return `has ${value.length} items: their number ${size}`
  const { items } = property
  return items && value.map((item) => problemOf(items, item)).find((problem) => problem !== undefined)
}

function problemOfText(property: Property, value: string): string | undefined {
  if (property.enum !== undefined && !property.enum.includes(value)) return `must be one of ${property.enum.join(', ')}`
  const length = outside(value.length, property.minLength, property.maxLength)
  return length && `has ${value.length} characters: their number ${length}`
}

function outside(value: number, minimum = -Infinity, maximum = Infinity): string | undefined {
  if (value >= minimum && value <= maximum) return undefined
  return value < minimum ? `must be at least ${minimum}` : `must be at most ${maximum}`
}
