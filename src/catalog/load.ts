import { pace, type Pace } from '#/lib/pace.ts'
import { CatalogEdit } from './edit.ts'
import type { CatalogReader, Page } from './reader.ts'
import { emptyState, type CatalogState } from './state.ts'

/**
 * Everything, read page by page without a transaction. The clock is read first: what changes while the tables are read is told
 * again by the changes behind it, and applying those ends where a single instant would have.
 */
export async function loadState(reader: CatalogReader): Promise<CatalogState> {
  const seq = await reader.clock()
  const edit = new CatalogEdit(emptyState())
  const slice = pace()
  await eachPage((after) => reader.roles.page(after), { slice, put: (role) => edit.people.putRole(role) })
  await eachPage((after) => reader.teams.page(after), { slice, put: (team) => edit.people.putTeam(team) })
  // The two that there are most of: the database reads the one while the other is taken in.
  await Promise.all([
    eachPage((after) => reader.users.page(after), { slice, put: (user) => edit.people.putUser(user) }),
    eachPage((after) => reader.tokens.page(after), { slice, put: (token) => edit.people.putToken(token) }),
  ])
  await eachPage((after) => reader.gateways.page(after), { slice, put: (gateway) => edit.putGateway(gateway) })
  await eachPage((after) => reader.tools.page(after), { slice, put: (tool) => edit.putTool(tool) })
  await eachPage((after) => reader.prompts.page(after), { slice, put: (prompt) => edit.putPrompt(prompt) })
  await eachPage((after) => reader.resources.page(after), { slice, put: (resource) => edit.putResource(resource) })
  await eachPage((after) => reader.servers.page(after), { slice, put: (server) => edit.putServer(server) })
  edit.putRoots(await reader.roots())
  return edit.done(seq)
}

export interface Taker<T> {
  readonly slice: Pace
  readonly put: (item: T) => void
}

/** Follows pages to the end; the next one is on its way while this one is taken in. */
export async function eachPage<T>(read: (after: string | null) => Promise<Page<T>>, taker: Taker<T>): Promise<void> {
  let coming: Promise<Page<T>> | undefined = read(null)
  while (coming !== undefined) {
    const { items, next }: Page<T> = await coming
    coming = next === null ? undefined : read(next)
    // It may fail while this page is taken in; whoever awaits it is told.
    coming?.catch(() => {})
    await each(items, taker)
  }
}

export async function each<T>(items: Iterable<T>, { slice, put }: Taker<T>): Promise<void> {
  for (const item of items) {
    put(item)
    if (slice.due()) await slice.rest()
  }
}
