import { can } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { tagFilter } from '#/api/tags.ts'
import { Type } from '#/api/type.ts'
import { SEARCHED, type Candidate, type SearchedKind } from '#/catalog/search-candidates.ts'
import { searchCatalog } from '#/catalog/search.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** Ids of what bears one of these tags: one statement. */
export type TaggedIds = (tags: readonly string[]) => Promise<ReadonlySet<string>>

export interface SearchDeps {
  readonly snapshot: () => Snapshot
  readonly tagged: TaggedIds
  /** A place to search in: one after the other, and calls have what is left. */
  readonly place: (signal: AbortSignal) => Promise<Disposable>
}

/** What it takes to be shown each: the same as to list it. */
const LISTED_WITH = {
  gateways: 'gateways.read',
  servers: 'servers.read',
  tools: 'tools.read',
  prompts: 'prompts.read',
  resources: 'resources.read',
  teams: 'teams.read',
  users: 'admin.user_management',
} as const satisfies Record<SearchedKind, Permission>

const Count = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description }))
const Query = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 200, description: 'Words, all of which have to be there' })),
  tags: Type.Optional(Type.String({ maxLength: 2000, description: 'Comma list, any of which suffices' })),
  entity_types: Type.Optional(
    Type.String({
      maxLength: 200,
      description: `Comma list of ${SEARCHED.join(', ')}; all that you may list unless said`,
    }),
  ),
  include_inactive: Type.Optional(Type.Boolean({ description: 'Also what is switched off' })),
  limit: Count('So many of each kind; 8 unless said'),
  limit_per_type: Count('The same by another name'),
  gateway_id: Type.Optional(Type.String({ maxLength: 2000, description: 'Comma list: only of these' })),
  team_id: Type.Optional(Type.String({ maxLength: 64, description: 'Only of this team' })),
})
const Text = Type.Union([Type.String(), Type.Null()])
const Hit = Type.Object(
  {
    id: Type.String(),
    type: Type.String({ description: 'tool, prompt, resource, gateway, server, team or user' }),
    name: Type.String(),
    description: Text,
    enabled: Type.Boolean(),
    gatewayId: Text,
    teamId: Text,
    visibility: Text,
  },
  { title: 'SearchHit' },
)

const FEW = 8

/** One question to everything that the caller may list, answered from what the worker has in memory. */
export function searchEndpoint({ snapshot, tagged, place }: SearchDeps): Endpoint {
  return endpoint({
    route: 'GET /search',
    permission: 'servers.use',
    tag: 'search',
    summary:
      'Find gateways, servers, tools, prompts, resources, teams and users by their names and what is said of them',
    description:
      'Of each kind the best come first: what is called so, what begins so, what has it in its name, what is said to do it. A kind that you may not list is left out; one that is asked for by name is refused.',
    query: Query,
    reply: Type.Object(
      {
        query: Type.String(),
        entity_types: Type.Array(Type.String()),
        limit_per_type: Type.Integer(),
        count: Type.Integer(),
        results: Type.Record(Type.String(), Type.Array(Hit)),
        items: Type.Array(Hit),
      },
      { title: 'SearchResults' },
    ),
    handle: async ({ query, principal, request: { signal } }) => {
      const kinds = kindsFor(query.entity_types, principal)
      const words = (query.q ?? '').split(/\s+/).filter((word) => word !== '')
      const tags = tagFilter(query.tags)
      const limit = query.limit_per_type ?? query.limit ?? FEW
      const asked = { query: words.join(' '), entity_types: kinds, limit_per_type: limit }
      if (words.length === 0 && tags === null)
        return { body: { ...asked, count: 0, results: Object.fromEntries(kinds.map((kind) => [kind, []])), items: [] } }
      using _place = await place(signal)
      const found = await searchCatalog(snapshot(), {
        words,
        kinds,
        who: principal,
        limit,
        includeInactive: query.include_inactive === true,
        gatewayIds: query.gateway_id === undefined ? null : new Set(query.gateway_id.split(',').map((id) => id.trim())),
        teamId: query.team_id ?? null,
        tagged: tags === null ? null : tags.length === 0 ? new Set() : await tagged(tags),
      })
      const results = [...found].map(([kind, hits]) => [kind, hits.map((hit) => hitOf(kind, hit))] as const)
      const items = results.flatMap(([, hits]) => hits)
      return { body: { ...asked, count: items.length, results: Object.fromEntries(results), items } }
    },
  })
}

function kindsFor(text: string | undefined, principal: Principal): readonly SearchedKind[] {
  const mayList = (kind: SearchedKind): boolean => can(principal, LISTED_WITH[kind], null) !== null
  if (text === undefined) return SEARCHED.filter(mayList)
  const asked = text.split(',').map((kind) => kind.trim().toLowerCase())
  const field = { field: 'entity_types' }
  const wrong = asked.find((kind) => !(SEARCHED as readonly string[]).includes(kind))
  if (wrong !== undefined)
    throw new GatewayError('invalid_field', `entity_types: ${wrong} is not one of ${SEARCHED.join(', ')}`, field)
  const kinds = SEARCHED.filter((kind) => asked.includes(kind))
  const unlisted = kinds.find((kind) => !mayList(kind))
  if (unlisted === undefined) return kinds
  throw new GatewayError('forbidden', `entity_types: ${unlisted} are listed with ${LISTED_WITH[unlisted]}`, field)
}

function hitOf(kind: SearchedKind, { id, names, description, enabled, gatewayId, owned }: Candidate) {
  const said = description()
  return {
    id,
    type: kind.slice(0, -1),
    name: names[0] ?? '',
    description: said === '' ? null : said,
    enabled,
    gatewayId: kind === 'gateways' ? null : gatewayId,
    teamId: owned?.teamId ?? null,
    visibility: owned?.visibility ?? null,
  }
}
