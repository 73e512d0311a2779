import { BUILT_IN_ROLES, type StoredRole } from '#/access/roles.ts'
import { CatalogEdit } from './edit.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogServer,
  CatalogTeam,
  CatalogToken,
  CatalogTool,
  CatalogUser,
} from './model.ts'
import type { Snapshot } from './snapshot.ts'
import { emptyState, type CatalogState } from './state.ts'
import { viewOf } from './view.ts'

/** Everything that exists, in any order. */
export interface CatalogParts {
  readonly seq?: number
  readonly users?: Iterable<CatalogUser>
  readonly teams?: Iterable<CatalogTeam>
  /** Besides those that are built in. */
  readonly roles?: Iterable<StoredRole>
  readonly tokens?: Iterable<CatalogToken>
  readonly gateways?: Iterable<CatalogGateway>
  readonly tools?: Iterable<CatalogTool>
  readonly prompts?: Iterable<CatalogPrompt>
  readonly resources?: Iterable<CatalogResource>
  readonly servers?: Iterable<CatalogServer>
}

/** All at once: for what is small. Loading goes in slices. */
export function buildState(parts: CatalogParts): CatalogState {
  const edit = new CatalogEdit(emptyState())
  for (const { id, name, scope } of BUILT_IN_ROLES.values()) edit.people.putRole({ id, name, scope, permissions: null })
  for (const role of parts.roles ?? []) edit.people.putRole(role)
  for (const team of parts.teams ?? []) edit.people.putTeam(team)
  for (const user of parts.users ?? []) edit.people.putUser(user)
  for (const token of parts.tokens ?? []) edit.people.putToken(token)
  for (const gateway of parts.gateways ?? []) edit.putGateway(gateway)
  for (const tool of parts.tools ?? []) edit.putTool(tool)
  for (const prompt of parts.prompts ?? []) edit.putPrompt(prompt)
  for (const resource of parts.resources ?? []) edit.putResource(resource)
  for (const server of parts.servers ?? []) edit.putServer(server)
  return edit.done(parts.seq ?? 0)
}

export function buildSnapshot(parts: CatalogParts): Snapshot {
  return viewOf(buildState(parts))
}
