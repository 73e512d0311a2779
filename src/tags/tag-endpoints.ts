import { Type } from '#/api/type.ts'
import type { Owned } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { tagFilter } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

export const TAGGED_KINDS = ['tools', 'resources', 'prompts', 'servers', 'gateways'] as const
export type TaggedKind = (typeof TAGGED_KINDS)[number]

/** A thing with a tag. */
export interface Tagged extends Owned {
  readonly tag: string
  readonly kind: TaggedKind
  readonly id: string
  readonly name: string
  readonly description: string | null
}

export interface TagReader {
  /** Every thing of these kinds with each of its tags, or with this one tag: one statement. */
  tagged(kinds: readonly TaggedKind[], tag: string | null): Promise<readonly Tagged[]>
}

export interface TagDeps {
  readonly store: TagReader
}

const kindsQuery = {
  entity_types: Type.Optional(
    Type.String({ description: `Comma list of ${TAGGED_KINDS.join(', ')}; all unless said` }),
  ),
}

const Entity = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    type: Type.String(),
    description: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'TaggedEntity' },
)
const Tag = Type.Object(
  { name: Type.String(), stats: Type.Record(Type.String(), Type.Integer()), entities: Type.Array(Entity) },
  { title: 'TagSummary' },
)

/** What is tagged, as far as the caller may see it. */
export function tagEndpoints({ store }: TagDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /tags',
      permission: 'tags.read',
      tag: 'tags',
      summary: 'List tags with how much of each kind bears them, by name',
      query: Type.Object({
        ...kindsQuery,
        include_entities: Type.Optional(Type.Boolean({ description: 'Also what bears each tag' })),
      }),
      reply: Type.Array(Tag),
      handle: async ({ query, principal }) => {
        const all = await store.tagged(kindsOf(query.entity_types), null)
        const seen = all.filter((one) => principal.visibilityClass.sees(one))
        const byTag = [...Map.groupBy(seen, ({ tag }) => tag)].toSorted(([a], [b]) => (a < b ? -1 : 1))
        return { body: byTag.map(([name, tagged]) => summaryOf(name, tagged, query.include_entities === true)) }
      },
    }),
    endpoint({
      route: 'GET /tags/{tag}/entities',
      permission: 'tags.read',
      tag: 'tags',
      summary: 'List what bears a tag',
      params: Type.Object({ tag: Type.String() }),
      query: Type.Object(kindsQuery),
      reply: Type.Array(Entity),
      handle: async ({ params, query, principal }) => {
        // What is no tag is borne by nothing.
        const wanted = tagFilter(params.tag)?.[0]
        const all = wanted === undefined ? [] : await store.tagged(kindsOf(query.entity_types), wanted)
        return { body: all.filter((one) => principal.visibilityClass.sees(one)).map(entityOf) }
      },
    }),
  ]
}

function kindsOf(text: string | undefined): readonly TaggedKind[] {
  const asked = text?.split(',').map((kind) => kind.trim().toLowerCase()) ?? [...TAGGED_KINDS]
  const wrong = asked.find((kind) => !(TAGGED_KINDS as readonly string[]).includes(kind))
  if (wrong !== undefined)
    throw new GatewayError('invalid_field', `entity_types: ${wrong} is not one of ${TAGGED_KINDS.join(', ')}`, {
      field: 'entity_types',
    })
  return asked as readonly TaggedKind[]
}

function summaryOf(name: string, tagged: readonly Tagged[], withEntities: boolean): Record<string, unknown> {
  const counts = TAGGED_KINDS.map((kind) => [kind, tagged.filter((one) => one.kind === kind).length] as const)
  const stats = { ...Object.fromEntries(counts), total: tagged.length }
  return { name, stats, entities: withEntities ? tagged.map(entityOf) : [] }
}

function entityOf({ id, name, kind, description }: Tagged): Record<string, unknown> {
  return { id, name, type: kind.slice(0, -1), description }
}
