import { isOldContent } from './old-content.ts'
import type { RelayPlan } from './relay.ts'
import { eraOf } from './revision.ts'

/**
 * What happens to one member of a result. copy, drop: as they say. private: written so, whatever it was. look: its members are told too. wrap: a value that is no
 * object is put into one. flag: copied, its truth noted. type: read before anything is let out, then copied; drop-type: then dropped. items, messages: a list of content to look into.
 */
export type MemberRule =
  'copy' | 'drop' | 'private' | 'look' | 'wrap' | 'flag' | 'type' | 'drop-type' | 'items' | 'messages'

export interface ResultRules {
  readonly members: ReadonlyMap<string, MemberRule>
  /** Members that the client's era demands and the upstream's does not have; written last. */
  readonly append: readonly Buffer[]
  /** `_meta` says who the server is: in our words where the upstream did not. */
  readonly addServerInfo: boolean
  readonly dropServerInfo: boolean
  /** Nothing leaves before resultType is known. */
  readonly typeFirst: boolean
  readonly typeRequired: boolean
  /** A resultType other than complete means nothing to the client. */
  readonly onlyComplete: boolean
}

/** Whose complete results carry ttlMs and cacheScope (2026-07-28, server/utilities/caching). */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

const COMPLETE = Buffer.from('"resultType":"complete"')
const UNCACHED = [Buffer.from('"ttlMs":0'), Buffer.from('"cacheScope":"private"')]

type Rows = readonly (readonly [string, MemberRule])[]

const ALWAYS: Rows = [
  ['_meta', 'look'],
  ['isError', 'flag'],
]
const CACHE_DROPPED: Rows = [
  ['ttlMs', 'drop'],
  ['cacheScope', 'drop'],
]
const SAME_LEGACY = rules(ALWAYS)
const MODERN: Rows = [...ALWAYS, ['resultType', 'type']]
const MODERN_FLAGS = { typeFirst: true, typeRequired: true, addServerInfo: true }
const SAME_MODERN = rules(MODERN, MODERN_FLAGS)
// The server answered one principal; another may not be allowed to read it, so no cache may share it.
const SAME_MODERN_CACHED = rules([...MODERN, ['cacheScope', 'private']], MODERN_FLAGS)
const TO_MODERN = rules([...ALWAYS, ['resultType', 'drop']], { append: [COMPLETE], addServerInfo: true })
const TO_MODERN_CACHED = rules([...ALWAYS, ['resultType', 'drop'], ...CACHE_DROPPED], {
  append: [COMPLETE, ...UNCACHED],
  addServerInfo: true,
})
const DOWN: Rows = [...ALWAYS, ['resultType', 'drop-type'], ['structuredContent', 'wrap']]
const DOWN_FLAGS = { typeFirst: true, onlyComplete: true, dropServerInfo: true }
const TO_LEGACY = rules(DOWN, DOWN_FLAGS)
const TO_LEGACY_CACHED = rules([...DOWN, ...CACHE_DROPPED], DOWN_FLAGS)

/** Where a method's result has content, if that is of types which some clients are too old for. */
const CONTENT: ReadonlyMap<string, readonly [string, MemberRule]> = new Map([
  ['tools/call', ['content', 'items']],
  ['prompts/get', ['messages', 'messages']],
])

/** The rules for one call: which cell of client and upstream era it lies in, and what its method returns. */
export function resultRules(plan: RelayPlan): ResultRules {
  const cell = cellOf(plan)
  const content = isOldContent(plan.clientRevision) ? CONTENT.get(plan.method) : undefined
  return content === undefined ? cell : { ...cell, members: new Map([...cell.members, content]) }
}

function cellOf(plan: RelayPlan): ResultRules {
  const cached = CACHEABLE.has(plan.method)
  const from = eraOf(plan.upstreamRevision)
  if (eraOf(plan.clientRevision) === 'legacy') {
    if (from === 'legacy') return SAME_LEGACY
    return cached ? TO_LEGACY_CACHED : TO_LEGACY
  }
  if (from === 'modern') return cached ? SAME_MODERN_CACHED : SAME_MODERN
  return cached ? TO_MODERN_CACHED : TO_MODERN
}

function rules(rows: Rows, flags: Partial<ResultRules> = {}): ResultRules {
  const none = { append: [], addServerInfo: false, dropServerInfo: false }
  return { ...none, typeFirst: false, typeRequired: false, onlyComplete: false, ...flags, members: new Map(rows) }
}
