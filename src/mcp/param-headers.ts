import { isPlainObject } from './plain-object.ts'

/** What one argument of a tool is mirrored to when its server asks for it (`x-mcp-header`). */
export interface ParamHeader {
  /** The name after `Mcp-Param-`, as the server wrote it. */
  readonly header: string
  /** The chain of properties from the arguments object. */
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

export type ParamHeaders =
  { readonly ok: true; readonly headers: readonly ParamHeader[] } | { readonly ok: false; readonly why: string }

const ANNOTATION = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Keywords whose values are data, and those whose values map names to schemas. */
const DATA: ReadonlySet<string> = new Set([
  'default',
  'const',
  'enum',
  'examples',
  'required',
  'type',
  'dependentRequired',
])
const MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])

/** The annotations of a tool's inputSchema (parsed JSON), or why the tool must not be offered because of one. */
export function readParamHeaders(inputSchema: unknown): ParamHeaders {
  const headers: ParamHeader[] = []
  const why = walk(inputSchema, { path: [], static: true, headers })
  return why === undefined ? { ok: true, headers } : { ok: false, why }
}

interface Place {
  readonly path: readonly string[]
  /** Reached by `properties` alone. */
  readonly static: boolean
  readonly headers: ParamHeader[]
}

function walk(schema: unknown, place: Place): string | undefined {
  if (Array.isArray(schema)) return firstOf(schema, (each) => walk(each, { ...place, static: false }))
  if (!isPlainObject(schema)) return undefined
  if (Object.hasOwn(schema, ANNOTATION)) {
    const why = take(schema, place)
    if (why !== undefined) return why
  }
  return firstOf(Object.entries(schema), ([keyword, value]) => {
    if (DATA.has(keyword) || keyword === ANNOTATION) return undefined
    if (!MAPS.has(keyword) || !isPlainObject(value)) return walk(value, { ...place, static: false })
    const reached = place.static && keyword === 'properties'
    return firstOf(Object.entries(value), ([name, inner]) =>
      walk(inner, { ...place, path: [...place.path, name], static: reached }),
    )
  })
}

function take(schema: Readonly<Record<string, unknown>>, place: Place): string | undefined {
  const header = schema[ANNOTATION]
  const where = place.path.join('.')
  if (!place.static || place.path.length === 0)
    return `x-mcp-header is not on a property that every call can have: '${where}'`
  if (typeof header !== 'string' || !TOKEN.test(header)) return `x-mcp-header of '${where}' is not a header name`
  const type = primitive(schema['type'])
  if (type === undefined) return `x-mcp-header of '${where}' is on a type other than string, integer or boolean`
  const folded = header.toLowerCase()
  if (place.headers.some((other) => other.header.toLowerCase() === folded))
    return `x-mcp-header '${header}' is used twice`
  place.headers.push({ header, path: place.path, type })
  return undefined
}

/** The one type, also where null is allowed beside it: a null argument is simply not mirrored. */
function primitive(type: unknown): ParamHeader['type'] | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter((each) => each !== 'null')
  const [only] = types
  return types.length === 1 && (only === 'string' || only === 'integer' || only === 'boolean') ? only : undefined
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const why = find(item)
    if (why !== undefined) return why
  }
  return undefined
}
