import { createHash } from 'node:crypto'
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

/** An item to insert or to update. Its id is undefined where it is new. */
export interface ItemChange {
  readonly id: string | undefined
  readonly key: string
  readonly definition: string
  readonly digest: string
  readonly position: number
  readonly name: string
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
    tools: listDiff(known.tools, found.tools),
    prompts: listDiff(known.prompts, found.prompts),
    resources: listDiff(known.resources, found.resources),
    templates: listDiff(known.templates, found.templates),
  }
}

function listDiff(known: readonly KnownItem[], offered: readonly Offered[] | null): ListDiff {
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
    const change = changeOf(item, position, old?.id)
    if (old === undefined) added.push(change)
    else if (old.digest !== change.digest) updated.push(change)
    else if (old.position !== position) moved.push(change)
  }
  const removed = known.filter((item) => !seen.has(item.key)).map((item) => item.id)
  return { added, updated, moved, removed }
}

function changeOf(item: Offered, position: number, id: string | undefined): ItemChange {
  const { key, definition, name, title, mimeType, paramHeaders } = item
  const digest = createHash('sha256').update(definition).digest('hex')
  return { id, key, definition, digest, position, name, title, mimeType, paramHeaders }
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
