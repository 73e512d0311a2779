import { createHash } from 'node:crypto'
import { PromptId, ResourceId, ToolId } from '#/access/ids.ts'
import type { ParamHeader } from '#/catalog/model.ts'
import type { Discovery, Offered } from './discovery.ts'

/** What is stored of an item, as far as a diff looks at it. */
export interface KnownItem {
  readonly id: string
  /** Original name of a tool or prompt; URI or template of a resource. */
  readonly key: string
  readonly digest: string
  readonly position: number
}

export interface Known {
  readonly tools: readonly KnownItem[]
  readonly prompts: readonly KnownItem[]
  readonly resources: readonly KnownItem[]
  readonly templates: readonly KnownItem[]
}

export const NOTHING_KNOWN: Known = { tools: [], prompts: [], resources: [], templates: [] }

/** An item to insert or to update. What is new has a new id. */
export interface ItemChange {
  readonly id: string
  readonly key: string
  readonly definition: string
  readonly digest: string
  readonly position: number
  readonly name: string
  /** What people read where the server gives no title. */
  readonly displayName: string
  readonly title: string | null
  readonly mimeType: string | null
  readonly paramHeaders: readonly ParamHeader[] | null
}

export interface ListDiff {
  readonly added: readonly ItemChange[]
  readonly updated: readonly ItemChange[]
  /** Only the place in the server's list is another: no new version. */
  readonly moved: readonly ItemChange[]
  /** Ids of what the server no longer offers. */
  readonly removed: readonly string[]
}

export type ItemKind = keyof Known
export type Diff = Readonly<Record<ItemKind, ListDiff>>

const UNCHANGED: ListDiff = { added: [], updated: [], moved: [], removed: [] }

/** What must change so that the store says what the server says. A list that is null was not read: nothing of it changes. */
export function diffOf(known: Known, found: Pick<Discovery, ItemKind>): Diff {
  return {
    tools: listDiff(known.tools, found.tools, () => ToolId.mint()),
    prompts: listDiff(known.prompts, found.prompts, () => PromptId.mint()),
    resources: listDiff(known.resources, found.resources, () => ResourceId.mint()),
    templates: listDiff(known.templates, found.templates, () => ResourceId.mint()),
  }
}

function listDiff(known: readonly KnownItem[], offered: readonly Offered[] | null, mint: () => string): ListDiff {
  if (offered === null) return UNCHANGED
  const before = new Map(known.map((item) => [item.key, item]))
  const seen = new Set<string>()
  const added: ItemChange[] = []
  const updated: ItemChange[] = []
  const moved: ItemChange[] = []
  for (const [position, item] of offered.entries()) {
    if (seen.has(item.key) || !storable(item)) continue
    seen.add(item.key)
    const old = before.get(item.key)
    const change = changeOf(item, position, old?.id ?? mint())
    if (old === undefined) added.push(change)
    else if (old.digest !== change.digest) updated.push(change)
    else if (old.position !== position) moved.push(change)
  }
  const removed = known.filter((item) => !seen.has(item.key)).map((item) => item.id)
  return { added, updated, moved, removed }
}

function changeOf(item: Offered, position: number, id: string): ItemChange {
  const { key, definition, name, title, mimeType, paramHeaders } = item
  const digest = createHash('sha256').update(definition).digest('hex')
  return { id, key, definition, digest, position, name, displayName: displayNameOf(key), title, mimeType, paramHeaders }
}

/** PostgreSQL's text holds no NUL. */
function storable(item: Offered): boolean {
  return ![item.key, item.name, item.title, item.mimeType].some((text) => text?.includes('\0'))
}

export function isEmpty(diff: Diff): boolean {
  return Object.values(diff).every(
    (list) => list.added.length + list.updated.length + list.moved.length + list.removed.length === 0,
  )
}

/** `get_system-time` → `Get System Time`. */
export function displayNameOf(originalName: string): string {
  return originalName
    .split(/[_\-.\s]+/)
    .filter((word) => word !== '')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join(' ')
}
