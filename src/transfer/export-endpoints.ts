import { Type } from '#/api/type.ts'
import type { Principal } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { tagFilter } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { exportDocument, type Exporter } from './export-document.ts'
import { ENTITY_TYPES, type EntityType, type TransferDeps } from './transfer.ts'

const tag = 'export and import'
const SECRET =
  'Send X-Export-Secret to have credentials written under that secret (AES-256-GCM); without it they are left out. The header, and roots, need a token that is not narrowed.'

const Document = Type.Object(
  {
    version: Type.String(),
    exported_at: Type.String({ format: 'date-time' }),
    exported_by: Type.String(),
    source_gateway: Type.String(),
    encryption_method: Type.String(),
    entities: Type.Record(Type.String(), Type.Array(Type.Unknown())),
    metadata: Type.Unknown(),
  },
  { title: 'Export' },
)

const Selection = Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 }))

/** The configuration as a document that this gateway and others take. */
export function exportEndpoints(deps: TransferDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /export',
      permission: 'admin.export',
      tag,
      summary: 'Export what is declared',
      description: `What upstreams offer is left out: it comes with them. ${SECRET}`,
      query: Type.Object({
        types: Type.Optional(Type.String({ description: `Comma list of ${ENTITY_TYPES.join(', ')}` })),
        exclude_types: Type.Optional(Type.String()),
        tags: Type.Optional(Type.String({ description: 'Comma list; any of them' })),
        include_inactive: Type.Optional(Type.Boolean()),
        include_dependencies: Type.Optional(Type.Boolean({ default: true })),
      }),
      reply: Document,
      handle: async ({ query, principal, headers }) => {
        const excluded = typesOf(query.exclude_types, 'exclude_types') ?? []
        const types = typesOf(query.types, 'types') ?? ENTITY_TYPES
        const options = {
          types: types.filter((type) => !excluded.includes(type)),
          tags: tagFilter(query.tags),
          includeInactive: query.include_inactive === true,
          includeDependencies: query.include_dependencies !== false,
          selections: null,
        }
        return { body: await exportDocument(deps, exporterOf(principal, headers), options) }
      },
    }),
    endpoint({
      route: 'POST /export/selective',
      permission: 'admin.export',
      tag,
      summary: 'Export some of what is declared',
      description: `By ids; prompts also by name, resources and roots by URI. ${SECRET}`,
      query: Type.Object({ include_dependencies: Type.Optional(Type.Boolean({ default: true })) }),
      body: Type.Object({
        tools: Selection,
        gateways: Selection,
        servers: Selection,
        prompts: Selection,
        resources: Selection,
        roots: Selection,
      }),
      reply: Document,
      handle: async ({ query, body, principal, headers }) => {
        const options = {
          types: selectedTypes(body, query.include_dependencies !== false),
          tags: null,
          includeInactive: true,
          includeDependencies: query.include_dependencies !== false,
          selections: body,
        }
        return { body: await exportDocument(deps, exporterOf(principal, headers), options) }
      },
    }),
  ]
}

/** Tools, prompts and resources come along with the virtual servers that offer them. */
function selectedTypes(
  body: Readonly<Partial<Record<EntityType, readonly string[]>>>,
  withDependencies: boolean,
): readonly EntityType[] {
  const follow: readonly EntityType[] = body.servers && withDependencies ? ['tools', 'prompts', 'resources'] : []
  return ENTITY_TYPES.filter((type) => body[type] !== undefined || follow.includes(type))
}

function exporterOf(principal: Principal, headers: Readonly<Record<string, string | undefined>>): Exporter {
  return { principal, source: `http://${headers['host'] ?? 'localhost'}`, secret: headers['x-export-secret'] ?? null }
}

function typesOf(text: string | undefined, field: string): readonly EntityType[] | undefined {
  const types = text
    ?.split(',')
    .map((type) => type.trim().toLowerCase())
    .filter((type) => type !== '')
  const wrong = types?.find((type) => !(ENTITY_TYPES as readonly string[]).includes(type))
  if (wrong !== undefined)
    throw new GatewayError('invalid_field', `${field}: ${wrong} is not one of ${ENTITY_TYPES.join(', ')}`, { field })
  return types as readonly EntityType[] | undefined
}
