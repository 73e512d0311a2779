import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import { MASK } from '#/lib/mask.ts'
import { authFieldsOf } from './auth-fields.ts'
import { headersOf } from './cipher.ts'
import type { Entity, EntityType } from './transfer.ts'

/** What an entity becomes: the body of the request that would declare it, and what of it could not be taken. */
export interface ImportBody {
  readonly key: string
  /** Its id where it came from; null: that is not said. */
  readonly idThere: string | null
  readonly body: Record<string, unknown>
  readonly warnings: readonly string[]
}

const REQUIRED: Readonly<Record<EntityType, readonly string[]>> = {
  roots: ['uri', 'name'],
  gateways: ['name'],
  tools: ['name', 'url', 'integration_type'],
  resources: ['name', 'uri'],
  prompts: ['name', 'template'],
  servers: ['name'],
}

export function importBody(type: EntityType, entity: unknown, secret: string | null): ImportBody {
  if (!isObject(entity)) throw new GatewayError('invalid_field', 'is not an object')
  const missing = REQUIRED[type].find((name) => typeof entity[name] !== 'string' || entity[name] === '')
  if (missing !== undefined) throw new GatewayError('invalid_field', `${missing} is required`, { field: missing })
  if (type === 'gateways' && typeof entity['url'] !== 'string' && typeof entity['command'] !== 'string')
    throw new GatewayError('invalid_field', 'url is required', { field: 'url' })
  const auth = type === 'gateways' || type === 'tools' ? authOf(entity, secret) : NO_AUTH
  return {
    key: String(type === 'resources' || type === 'roots' ? entity['uri'] : (entity['original_name'] ?? entity['name'])),
    idThere: idIn(entity),
    body: { ...present(FIELDS[type](entity)), ...auth.fields },
    warnings: [...auth.warnings, ...(type === 'tools' ? maskedHeaders(entity) : []), ...maskedPlace(entity)],
  }
}

/** Others have no ids in it but in the paths of endpoints. */
function idIn({ id, jsonrpc_endpoint: path }: Entity): string | null {
  if (typeof path !== 'string') return typeof id === 'string' ? id : null
  return /^\/servers\/([0-9a-f]{32})\//.exec(path)?.[1] ?? null
}

const tagsOf = ({ tags }: Entity): unknown => (Array.isArray(tags) ? tags : undefined)

const FIELDS: Readonly<Record<EntityType, (entity: Entity) => Record<string, unknown>>> = {
  roots: ({ uri, name }) => ({ uri, name }),
  gateways: (entity) => ({
    name: entity['name'],
    description: entity['description'],
    transport: entity['transport'],
    ...(typeof entity['command'] === 'string'
      ? { command: entity['command'], args: entity['args'], cwd: entity['cwd'], sharing: entity['sharing'] }
      : { url: entity['url'], passthroughHeaders: entity['passthrough_headers'] }),
    tags: tagsOf(entity),
  }),
  tools: (entity) => ({
    name: entity['name'],
    displayName: entity['displayName'] ?? entity['display_name'],
    url: entity['url'],
    integrationType: entity['integration_type'],
    requestType: entity['request_type'] === 'SSE' ? undefined : entity['request_type'],
    description: entity['description'],
    headers: plainHeaders(entity),
    inputSchema: entity['input_schema'],
    outputSchema: entity['output_schema'],
    annotations: entity['annotations'],
    jsonpathFilter: entity['jsonpath_filter'],
    tags: tagsOf(entity),
  }),
  resources: (entity) => ({
    uri: entity['uri'],
    name: entity['name'],
    description: entity['description'],
    mimeType: entity['mime_type'],
    content: entity['content'],
    tags: tagsOf(entity),
  }),
  prompts: (entity) => ({
    name: entity['original_name'] ?? entity['name'],
    customName: entity['custom_name'],
    displayName: entity['display_name'],
    template: entity['template'],
    description: entity['description'],
    arguments: argumentsOf(entity['input_schema']),
    tags: tagsOf(entity),
  }),
  servers: (entity) => ({ name: entity['name'], description: entity['description'], tags: tagsOf(entity) }),
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

function plainHeaders({ headers }: Entity): Record<string, unknown> | undefined {
  if (!isObject(headers)) return undefined
  const plain = Object.entries(headers).filter(([, value]) => value !== MASK)
  return plain.length === 0 ? undefined : Object.fromEntries(plain)
}

function maskedHeaders({ headers }: Entity): readonly string[] {
  const names = Object.entries(isObject(headers) ? headers : {}).flatMap(([name, value]) =>
    value === MASK ? [name] : [],
  )
  return names.length === 0 ? [] : [`headers without their values: ${names.join(', ')}; set them by hand`]
}

function maskedPlace({ url, args }: Entity): readonly string[] {
  if (!JSON.stringify([url, args]).includes(MASK)) return []
  return ['what is secret in its URL or arguments is not in the export: where it is new, set them by hand']
}

function argumentsOf(schema: unknown): unknown {
  if (!isObject(schema) || !isObject(schema['properties'])) return undefined
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(schema['properties']).map(([name, property]) => ({
    name,
    description: isObject(property) && typeof property['description'] === 'string' ? property['description'] : null,
    required: required.includes(name),
  }))
}

interface Auth {
  readonly fields: Record<string, unknown>
  readonly warnings: readonly string[]
}

const NO_AUTH: Auth = { fields: {}, warnings: [] }

/** A credential is taken where it opens with the source's secret; without one it is left out and that is said. */
function authOf(entity: Entity, secret: string | null): Auth {
  const { auth_type: type, auth_value: value, auth_query_params: query } = entity
  if (isObject(query) && Object.keys(query).length > 0)
    return { fields: {}, warnings: ['a credential in the query is not offered; set one in a header'] }
  if (typeof type !== 'string' || type === '' || type === 'none') return NO_AUTH
  if (typeof value !== 'string' || value === '')
    return { fields: {}, warnings: [`the ${type} credential is not in the export; set it by hand`] }
  if (secret === null)
    return { fields: {}, warnings: [`the ${type} credential was left out: give source_secret to open it`] }
  return { fields: authFieldsOf(type, headersOf(value, secret)), warnings: [] }
}
