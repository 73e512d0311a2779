import type { GatewayId } from '#/access/ids.ts'
import { pace } from '#/lib/pace.ts'
import type { Change, ChangeKind } from './changes.ts'
import { CatalogEdit, type ItemKind } from './edit.ts'
import { forgetOwner } from './forget-owner.ts'
import { each, eachPage, type Taker } from './load.ts'
import { READ_MAX, type CatalogReader, type ItemSource, type Source } from './reader.ts'
import type { CatalogState } from './state.ts'

interface Applying {
  readonly state: CatalogState
  readonly reader: CatalogReader
  readonly edit: CatalogEdit
  readonly slice: ReturnType<typeof pace>
  /** Virtual servers to read: named ones, and those that have lost an item with the item. */
  readonly servers: Set<string>
}

/**
 * The state after `changes`: what they name is read as it is now, so applying twice changes nothing and the order of readings does
 * not matter. What a deletion takes with it in the database goes here, too.
 */
export async function applyChanges(
  state: CatalogState,
  { seq, changes }: { readonly seq: number; readonly changes: readonly Change[] },
  reader: CatalogReader,
): Promise<CatalogState> {
  if (changes.length === 0) return { ...state, seq }
  const named = byKind(changes)
  const edit = new CatalogEdit(state)
  const all: Applying = { state, reader, edit, slice: pace(), servers: new Set(named.get('server')) }
  await applyUsers(all, named.get('user'))
  await applyNamed(all, {
    source: reader.tokens,
    ids: named.get('token'),
    put: (token) => edit.putToken(token),
    gone: (id) => edit.deleteToken(id),
  })
  await applyGateways(all, named.get('gateway'))
  for (const id of named.get('gateway_items') ?? []) await applyPart(all, id as GatewayId)
  await applyItems(all, {
    kind: 'tool',
    source: reader.tools,
    ids: named.get('tool'),
    put: (tool) => edit.putTool(tool),
  })
  await applyItems(all, {
    kind: 'prompt',
    source: reader.prompts,
    ids: named.get('prompt'),
    put: (prompt) => edit.putPrompt(prompt),
  })
  await applyItems(all, {
    kind: 'resource',
    source: reader.resources,
    ids: named.get('resource'),
    put: (resource) => edit.putResource(resource),
  })
  await applyNamed(all, {
    source: reader.servers,
    ids: all.servers,
    put: (server) => edit.putServer(server),
    gone: (id) => edit.deleteServer(id),
  })
  return edit.done(seq)
}

function byKind(changes: readonly Change[]): Map<ChangeKind, Set<string>> {
  const named = new Map<ChangeKind, Set<string>>()
  for (const { kind, id } of changes) {
    const ids = named.get(kind)
    if (ids === undefined) named.set(kind, new Set([id]))
    else ids.add(id)
  }
  return named
}

interface Named<T, Id extends string> {
  readonly source: Source<T, Id>
  readonly ids: ReadonlySet<string> | undefined
  readonly put: (item: T) => void
  readonly gone: (id: string) => void
}

async function applyNamed<T extends { readonly id: Id }, Id extends string>(
  { slice }: Applying,
  { source, ids, put, gone }: Named<T, Id>,
): Promise<void> {
  const wanted = [...(ids ?? [])] as Id[]
  for (let from = 0; from < wanted.length; from += READ_MAX) {
    const some = wanted.slice(from, from + READ_MAX)
    const items = await source.byIds(some)
    const there = new Set<string>(items.map(({ id }) => id))
    await each(items, { slice, put })
    for (const id of some) if (!there.has(id)) gone(id)
  }
}

async function applyUsers(all: Applying, ids: ReadonlySet<string> | undefined): Promise<void> {
  const gone = new Set<string>()
  const { edit } = all
  await applyNamed(all, {
    source: all.reader.users,
    ids,
    put: (user) => edit.putUser(user),
    gone: (id) => gone.add(id),
  })
  if (gone.size > 0) await forgetOwner(all.state, edit, { gone, slice: all.slice })
}

async function applyGateways(all: Applying, ids: ReadonlySet<string> | undefined): Promise<void> {
  const { state, edit, slice } = all
  const gone: GatewayId[] = []
  await applyNamed(all, {
    source: all.reader.gateways,
    ids,
    put: (gateway) => edit.putGateway(gateway),
    gone: (id) => gone.push(id as GatewayId),
  })
  for (const id of gone) {
    const part = state.parts.get(id)
    edit.deleteGateway(id)
    if (part === undefined) continue
    await each(part.tools, { slice, put: (tool) => drop(all, 'tool', tool.id) })
    await each(part.prompts, { slice, put: (prompt) => drop(all, 'prompt', prompt.id) })
    await each(part.resources, { slice, put: (resource) => drop(all, 'resource', resource.id) })
    await each(part.resourceTemplates, { slice, put: (resource) => drop(all, 'resource', resource.id) })
  }
}

function drop({ edit, servers }: Applying, kind: ItemKind, id: string): void {
  for (const server of edit.serversWith(id)) servers.add(server)
  edit.deleteItem(kind, id)
}

/** Everything that one gateway offers, read anew. */
async function applyPart(all: Applying, id: GatewayId): Promise<void> {
  const { state, reader, edit } = all
  const part = state.parts.get(id)
  const resources = [...(part?.resources ?? []), ...(part?.resourceTemplates ?? [])]
  await replace(all, {
    kind: 'tool',
    source: reader.tools,
    id,
    old: part?.tools ?? [],
    put: (tool) => edit.putTool(tool),
  })
  await replace(all, {
    kind: 'prompt',
    source: reader.prompts,
    id,
    old: part?.prompts ?? [],
    put: (prompt) => edit.putPrompt(prompt),
  })
  await replace(all, {
    kind: 'resource',
    source: reader.resources,
    id,
    old: resources,
    put: (resource) => edit.putResource(resource),
  })
}

interface Replacing<T, Id extends string> {
  readonly kind: ItemKind
  readonly source: ItemSource<T, Id>
  readonly id: GatewayId
  readonly old: Iterable<T>
  readonly put: (item: T) => void
}

async function replace<T extends { readonly id: Id }, Id extends string>(
  all: Applying,
  { kind, source, id, old, put }: Replacing<T, Id>,
): Promise<void> {
  const there = new Set<string>()
  const taker: Taker<T> = {
    slice: all.slice,
    put: (item) => {
      there.add(item.id)
      put(item)
    },
  }
  await eachPage((after) => source.ofGateway(id, after), taker)
  await each(old, { slice: all.slice, put: (item) => (there.has(item.id) ? undefined : drop(all, kind, item.id)) })
}

async function applyItems<T extends { readonly id: Id }, Id extends string>(
  all: Applying,
  { kind, ...named }: Omit<Named<T, Id>, 'gone'> & { readonly kind: ItemKind },
): Promise<void> {
  await applyNamed<T, Id>(all, { ...named, gone: (id) => drop(all, kind, id) })
}
