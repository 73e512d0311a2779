import type { TObject, TSchema } from 'typebox'
import { SESSION_COOKIE } from '#/access/session-cookie.ts'
import { ERROR_CODES } from '#/errors/codes.ts'
import type { Endpoint } from './endpoint.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenApiOptions {
  readonly version: string
}

const PROBLEM = {
  type: 'object',
  required: ['detail', 'code', 'request_id'],
  properties: {
    detail: { type: 'string', description: 'What went wrong and what to do' },
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    request_id: { type: 'string', description: 'Under which the log knows the request' },
    field: { type: 'string', description: 'The field at fault' },
    errors: { type: 'array', items: { type: 'object' }, description: 'Every field at fault' },
  },
} as const

/** The API as OpenAPI 3.1, from the same list of endpoints that is mounted. */
export function openApi(endpoints: readonly Endpoint[], { version }: OpenApiOptions): Json {
  const schemas: Record<string, unknown> = { Problem: PROBLEM }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const endpoint of endpoints) {
    const { method, path } = partsOf(endpoint)
    const prefixed = endpoint.rootOnly ? path : `/v1${path}`
    paths[prefixed] = { ...paths[prefixed], [method.toLowerCase()]: operation(endpoint, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Causeway',
      version,
      description: 'An MCP gateway and registry. Every path also answers without its /v1.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }, { cookie: [] }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { securitySchemes: SECURITY, schemas },
  }
}

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer' },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'Pages of the gateway itself: from its own origin, or with X-CSRF-Token',
  },
} as const

export function partsOf({ route }: Endpoint): { readonly method: string; readonly path: string } {
  const space = route.indexOf(' ')
  return { method: route.slice(0, space), path: route.slice(space + 1) }
}

/** A name for client generators: `POST /gateways/{id}/tools/refresh` → `postGatewaysIdToolsRefresh`. */
export function operationId(endpoint: Endpoint): string {
  const { method, path } = partsOf(endpoint)
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
}

function operation(endpoint: Endpoint, schemas: Record<string, unknown>): Json {
  const { summary, description, tag, permission, body, reply, status = 200 } = endpoint
  return {
    operationId: operationId(endpoint),
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(permission === 'public' ? { security: [] } : { 'x-permission': permission }),
    ...(endpoint.reachesBackend ? { 'x-reaches-backend': true } : {}),
    parameters: [...parameters('path', endpoint.params), ...parameters('query', endpoint.query), ...headers(endpoint)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: (body.required?.length ?? 0) > 0,
            content: contentOf(endpoint, shared(body, schemas)),
          },
        }),
    responses: {
      [status]: { description: 'Done', ...answer(endpoint, shared(reply, schemas)) },
      default: { description: 'What went wrong', content: jsonOf({ $ref: '#/components/schemas/Problem' }) },
    },
  }
}

function answer({ status, replyType = 'application/json' }: Endpoint, schema: Json): Json {
  if (status === 204 || status === 301 || status === 303) return {}
  const [type = ''] = replyType.split(';')
  return { content: { [type]: { schema } } }
}

function parameters(within: 'path' | 'query', schema: TObject | undefined): readonly Json[] {
  if (schema === undefined) return []
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: within,
    required: within === 'path' || (schema.required ?? []).includes(name),
    schema: plain(property),
  }))
}

function headers(endpoint: Endpoint): readonly Json[] {
  const { method, path } = partsOf(endpoint)
  if (method === 'POST' && endpoint.permission.endsWith('.create'))
    return [header('Idempotency-Key', 'The same key makes one thing, however often it is sent')]
  if ((method === 'PUT' || method === 'DELETE') && path.endsWith('}'))
    return [header('If-Match', 'The ETag that was seen: another version is answered with 412')]
  if (method === 'GET' && path.includes('{id}'))
    return [header('If-None-Match', 'The ETag that is known: 304 without a body')]
  return []
}

function header(name: string, description: string): Json {
  return { name, in: 'header', description, schema: { type: 'string' } }
}

function contentOf({ bodyType }: Endpoint, schema: Json): Json {
  return bodyType === 'form' ? { 'application/x-www-form-urlencoded': { schema } } : jsonOf(schema)
}

function jsonOf(schema: Json): Json {
  return { 'application/json': { schema } }
}

/** A schema with a title stands once, among the components. */
function shared(schema: TSchema, schemas: Record<string, unknown>): Json {
  const json = plain(schema)
  const items = json['items']
  if (json['type'] === 'array' && typeof items === 'object' && items !== null)
    return { ...json, items: named(items as Json, schemas) }
  return named(json, schemas)
}

function named(json: Json, schemas: Record<string, unknown>): Json {
  const title = json['title']
  if (typeof title !== 'string') return json
  schemas[title] = json
  return { $ref: `#/components/schemas/${title}` }
}

/** Without what the schema library keeps for itself. */
function plain(schema: TSchema): Json {
  return JSON.parse(JSON.stringify(schema)) as Json
}
