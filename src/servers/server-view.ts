import { Type } from '#/api/type.ts'
import type { Principal } from '#/access/principal.ts'
import { auditFields } from '#/api/provenance.ts'
import { TagView } from '#/api/tags.ts'
import type { ItemKind, Server, StoredSelected } from './server.ts'

/**
 * A virtual server as this client sees it: every field always there, in this order. Items that are switched off are not shown, nor
 * those that the client does not see, whoever sees the server.
 */
export function serverView(server: Server, { visibilityClass }: Principal): Record<string, unknown> {
  const of = (kind: ItemKind): readonly StoredSelected[] =>
    server.items.filter((item) => item.kind === kind && item.enabled && visibilityClass.sees(item))
  return {
    id: server.id,
    name: server.name,
    description: server.description,
    icon: server.icon,
    createdAt: server.createdAt,
    updatedAt: server.updatedAt,
    enabled: server.enabled,
    associatedTools: of('tool').map(({ name, ownName }) => name ?? ownName),
    associatedToolIds: of('tool').map(({ id }) => id),
    associatedResources: of('resource').map(({ id }) => id),
    associatedPrompts: of('prompt').map(({ id }) => id),
    associatedA2aAgents: [],
    metrics: null,
    tags: server.tags,
    ...auditFields(server),
    teamId: server.teamId,
    team: null,
    ownerEmail: server.ownerEmail,
    visibility: server.visibility,
    oauthEnabled: false,
    oauthConfig: null,
    associatedToolOverrides: overrides(of('tool')),
    associatedPromptOverrides: overrides(of('prompt')),
    associatedResourceOverrides: overrides(of('resource')),
  }
}

function overrides(items: readonly StoredSelected[]): Record<string, unknown> {
  const said = items.filter(({ name, description }) => name !== null || description !== null)
  return Object.fromEntries(said.map(({ id, name, description }) => [id, { name, description }]))
}

const Text = Type.Union([Type.String(), Type.Null()])
const Ids = Type.Array(Type.String())
const Overrides = Type.Record(Type.String(), Type.Object({ name: Text, description: Text }))

export const ServerView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: Text,
    icon: Text,
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    enabled: Type.Boolean(),
    associatedTools: Type.Array(Type.String(), { description: 'Names' }),
    associatedToolIds: Ids,
    associatedResources: Ids,
    associatedPrompts: Ids,
    tags: Type.Array(TagView),
    version: Type.Integer(),
    ownerEmail: Text,
    visibility: Type.String(),
    associatedToolOverrides: Overrides,
    associatedPromptOverrides: Overrides,
    associatedResourceOverrides: Overrides,
  },
  { title: 'Server', description: 'A virtual server: a named selection offered as one MCP server' },
)
