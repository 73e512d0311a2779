import { Type } from '#/api/type.ts'
import type { GatewayId } from '#/access/ids.ts'
import type { Diff, ListDiff } from './apply-discovery.ts'
import type { Refresh } from './refresh.ts'

export const RefreshView = Type.Object(
  {
    gatewayId: Type.String(),
    success: Type.Boolean(),
    error: Type.Union([Type.String(), Type.Null()]),
    toolsAdded: Type.Integer(),
    toolsUpdated: Type.Integer(),
    toolsRemoved: Type.Integer(),
    resourcesAdded: Type.Integer(),
    resourcesUpdated: Type.Integer(),
    resourcesRemoved: Type.Integer(),
    promptsAdded: Type.Integer(),
    promptsUpdated: Type.Integer(),
    promptsRemoved: Type.Integer(),
    validationErrors: Type.Array(Type.String()),
    durationMs: Type.Number(),
    refreshedAt: Type.String({ format: 'date-time' }),
  },
  { title: 'Refresh' },
)

/** What a refresh did, as numbers. Templates count as resources. */
export function refreshView(
  id: GatewayId,
  result: Refresh,
  took: { readonly ms: number; readonly at: Date },
): Record<string, unknown> {
  const found = result.kind === 'found'
  return {
    gatewayId: id,
    success: found,
    error: found ? null : result.error,
    ...(found ? counts(result.diff) : NOTHING),
    validationErrors: found ? result.problems : [],
    durationMs: Math.round(took.ms * 10) / 10,
    refreshedAt: took.at.toISOString(),
  }
}

function counts({ tools, prompts, resources, templates }: Diff): Record<string, number> {
  return {
    ...countsOf('tools', [tools]),
    ...countsOf('resources', [resources, templates]),
    ...countsOf('prompts', [prompts]),
  }
}

function countsOf(name: string, lists: readonly ListDiff[]): Record<string, number> {
  return {
    [`${name}Added`]: lists.reduce((sum, list) => sum + list.added.length, 0),
    [`${name}Updated`]: lists.reduce((sum, list) => sum + list.updated.length, 0),
    [`${name}Removed`]: lists.reduce((sum, list) => sum + list.removed.length, 0),
  }
}

const EMPTY: ListDiff = { added: [], updated: [], moved: [], removed: [] }
const NOTHING = counts({ tools: EMPTY, prompts: EMPTY, resources: EMPTY, templates: EMPTY })
