import type { GatewayId } from '#/access/ids.ts'
import { pace } from '#/lib/pace.ts'
import { applyParts } from './apply-parts.ts'
import { drop, type Applying } from './applying.ts'
import type { Change, ChangeKind } from './changes.ts'
import { CatalogEdit, type ItemKind } from './edit.ts'
import { forgetOrders } from './forget-orders.ts'
import { forgetOwner } from './forget-owner.ts'
import { each } from './load.ts'
import { READ_MAX, type CatalogReader, type Source } from './reader.ts'
import type { CatalogState } from './state.ts'

type Ids = ReadonlyMap<ChangeKind, ReadonlySet<string>>

/**
 * The state after `changes`: what they name is read as it is now. Whatever commits while we read is told by a later change, so the
 * readings may go side by side and in any order, and applying twice changes nothing. What a deletion takes with it in the database
 * goes here, too.
 */
export async function applyChanges(
  state: CatalogState,
  { seq, changes }: { readonly seq: number; readonly changes: readonly Change[] },
  reader: CatalogReader,
): Promise<CatalogState> {
  if (changes.length === 0) return { ...state, seq }
  const named = byKind(changes)
  const edit = new CatalogEdit(state)
  const all: Applying = { state, reader, edit, slice: pace(), losers: new Set() }
  // First of all, since what these leave behind is taken from the old state and must not replace what is read now.
  await applyOrders(all, named)
  await applyUsers(all, named.get('user'))
  await together([
    applyNamed(all, {
      source: reader.tokens,
      ids: named.get('token'),
      put: (token) => edit.people.putToken(token),
      gone: (id) => edit.people.deleteToken(id),
    }),
    applyGateways(all, named.get('gateway')),
    applyParts(all, [...(named.get('gateway_items') ?? [])] as GatewayId[]),
    ...applyItems(all, named),
    applyServers(all, named.get('server')),
    applyRoots(all, named.get('roots')),
  ])
  await applyServers(all, all.losers)
  return edit.done(seq)
}

/** All of them to their end, also when one fails: nobody may go on changing an edit that is given up. */
async function together(parts: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(parts)) if (outcome.status === 'rejected') throw outcome.reason
}

function byKind(changes: readonly Change[]): Ids {
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

async function applyOrders(all: Applying, named: Ids): Promise<void> {
  const gone = { teams: new Set<string>(), roles: new Set<string>() }
  const { people } = all.edit
  await applyNamed(all, {
    source: all.reader.teams,
    ids: named.get('team'),
    put: (team) => people.putTeam(team),
    gone: (id) => gone.teams.add(id),
  })
  await applyNamed(all, {
    source: all.reader.roles,
    ids: named.get('role'),
    put: (role) => people.putRole(role),
    gone: (id) => gone.roles.add(id),
  })
  if (gone.teams.size + gone.roles.size > 0) await forgetOrders(all.state, all.edit, { gone, slice: all.slice })
}

async function applyUsers(all: Applying, ids: ReadonlySet<string> | undefined): Promise<void> {
  const gone = new Set<string>()
  const { edit } = all
  await applyNamed(all, {
    source: all.reader.users,
    ids,
    put: (user) => edit.people.putUser(user),
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

function applyItems(all: Applying, named: Ids): readonly Promise<void>[] {
  const { edit, reader } = all
  const of = (kind: ItemKind) => ({ ids: named.get(kind), gone: (id: string) => drop(all, kind, id) })
  return [
    applyNamed(all, { ...of('tool'), source: reader.tools, put: (tool) => edit.putTool(tool) }),
    applyNamed(all, { ...of('prompt'), source: reader.prompts, put: (prompt) => edit.putPrompt(prompt) }),
    applyNamed(all, { ...of('resource'), source: reader.resources, put: (resource) => edit.putResource(resource) }),
  ]
}

async function applyRoots({ edit, reader }: Applying, said: ReadonlySet<string> | undefined): Promise<void> {
  if (said !== undefined) edit.putRoots(await reader.roots())
}

async function applyServers(all: Applying, ids: ReadonlySet<string> | undefined): Promise<void> {
  const { edit, reader } = all
  const gone = (id: string): void => edit.deleteServer(id)
  await applyNamed(all, { source: reader.servers, ids, put: (server) => edit.putServer(server), gone })
}
