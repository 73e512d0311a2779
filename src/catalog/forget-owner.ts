import type { Pace } from '#/lib/pace.ts'
import type { CatalogEdit } from './edit.ts'
import { each } from './load.ts'
import type { CatalogState } from './state.ts'

/** Deletes users and, as the database does with them, their tokens and their names on what they owned. */
export async function forgetOwner(
  state: CatalogState,
  edit: CatalogEdit,
  { gone, slice }: { readonly gone: ReadonlySet<string>; readonly slice: Pace },
): Promise<void> {
  for (const id of gone) edit.people.deleteUser(id)
  const disowned = <T extends { readonly ownerId: string | null }>(put: (thing: T) => void) => ({
    slice,
    put: (thing: T) =>
      thing.ownerId !== null && gone.has(thing.ownerId) ? put({ ...thing, ownerId: null }) : undefined,
  })
  await each(state.tokens.values(), {
    slice,
    put: ({ id, userId }) => (gone.has(userId) ? edit.people.deleteToken(id) : undefined),
  })
  await each(
    state.gateways,
    disowned((gateway) => edit.putGateway(gateway)),
  )
  await each(
    state.tools.byId.values(),
    disowned((tool) => edit.putTool(tool)),
  )
  await each(
    state.prompts.byId.values(),
    disowned((prompt) => edit.putPrompt(prompt)),
  )
  await each(
    state.resources.byId.values(),
    disowned((resource) => edit.putResource(resource)),
  )
  const servers = [...state.servers.values()].map(({ server }) => server)
  await each(
    servers,
    disowned((server) => edit.putServer(server)),
  )
}
