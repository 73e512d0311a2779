import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { ItemKind, Selectable, Selected, ServerReader, StoredSelected } from './server.ts'
import type { ServerUpdate } from './server-input.ts'

interface Fields {
  readonly ids: 'associatedTools' | 'associatedPrompts' | 'associatedResources'
  readonly overrides: 'associatedToolOverrides' | 'associatedPromptOverrides' | 'associatedResourceOverrides'
}

const KINDS = {
  tool: { ids: 'associatedTools', overrides: 'associatedToolOverrides' },
  prompt: { ids: 'associatedPrompts', overrides: 'associatedPromptOverrides' },
  resource: { ids: 'associatedResources', overrides: 'associatedResourceOverrides' },
} as const satisfies Record<ItemKind, Fields>

const ALL: readonly ItemKind[] = ['tool', 'prompt', 'resource']

/**
 * The whole selection after a body is applied to what is selected now; null: the body says nothing of it. What is hidden from whoever
 * says it cannot be meant, and stays.
 */
export function selectionOf<Item extends Selected>(
  body: ServerUpdate,
  now: readonly Item[],
  isHidden: (item: Item) => boolean = () => false,
): readonly Selected[] | null {
  const touched = ALL.filter((kind) => body[KINDS[kind].ids] !== undefined || body[KINDS[kind].overrides] !== undefined)
  if (touched.length === 0) return null
  return ALL.flatMap((kind) => {
    const before = now.filter((item) => item.kind === kind)
    if (!touched.includes(kind)) return before
    const seen = before.filter((item) => !isHidden(item))
    return [...selected(kind, body, seen), ...before.filter((item) => isHidden(item))]
  })
}

function selected(kind: ItemKind, body: ServerUpdate, before: readonly Selected[]): readonly Selected[] {
  const given = body[KINDS[kind].ids]
  const overrides = body[KINDS[kind].overrides] ?? {}
  const ids = given === undefined ? before.map(({ id }) => id) : idsOf(given, KINDS[kind].ids)
  const strange = Object.keys(overrides).find((id) => !ids.includes(hexOf(id)))
  if (strange !== undefined) throw invalid(KINDS[kind].overrides, `${strange} is not one of this server's ${kind}s`)
  const byId = new Map(Object.entries(overrides).map(([id, override]) => [hexOf(id), override]))
  return ids.map((id) => {
    const old = before.find((item) => item.id === id)
    const override = byId.get(id)
    const { name = old?.name ?? null, description = old?.description ?? null } = override ?? {}
    return override === null ? { kind, id, name: null, description: null } : { kind, id, name, description }
  })
}

const HEX = /^[0-9a-f]{32}$/

function idsOf(given: readonly string[] | string | null, field: string): readonly string[] {
  const list = typeof given === 'string' ? given.split(',') : (given ?? [])
  const ids = list.map((id) => hexOf(id)).filter((id) => id !== '')
  const wrong = ids.find((id) => !HEX.test(id))
  if (wrong !== undefined) throw invalid(field, `${JSON.stringify(wrong.slice(0, 64))} is not an id`)
  return [...new Set(ids)]
}

/** An id in our form, whether it came with dashes or without. */
export function hexOf(id: string): string {
  return id.trim().toLowerCase().replaceAll('-', '')
}

interface Selecting {
  readonly principal: Principal
  /** What is selected already may stay, whoever sees it. */
  readonly before: readonly StoredSelected[]
}

/** Refuses what does not exist, what the caller may not see, and two items that would go by one name. */
export async function checkSelection(
  store: ServerReader,
  items: readonly Selected[],
  { principal, before }: Selecting,
): Promise<void> {
  if (items.length === 0) return
  const found = await store.selectable(items.map(({ id }) => id))
  const stays = new Set(before.map(keyOf))
  const sees = (item: Selectable): boolean => principal.visibilityClass.sees(item)
  const visible = new Map(
    found.filter((item) => sees(item) || stays.has(keyOf(item))).map((item) => [keyOf(item), item]),
  )
  const names = new Map<string, string>()
  for (const item of items) {
    const known = visible.get(keyOf(item))
    if (known === undefined) throw invalid(KINDS[item.kind].ids, `there is no ${item.kind} ${item.id}`)
    // What is hidden keeps its own name beside another of that name: each caller is answered by what it sees.
    if (item.name === null && (item.kind === 'resource' || !sees(known))) continue
    const name = `${item.kind} ${item.name ?? known.name}`
    const told = sees(known) ? item.id : 'another item'
    if (names.has(name))
      throw invalid(
        KINDS[item.kind].overrides,
        `${told} and ${names.get(name)} would both be called ${item.name ?? known.name}`,
      )
    names.set(name, told)
  }
}

function keyOf({ kind, id }: Pick<Selectable | StoredSelected, 'kind' | 'id'>): string {
  return `${kind} ${id}`
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
