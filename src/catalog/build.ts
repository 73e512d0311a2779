import { CatalogEdit } from './edit.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogServer,
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
  for (const user of parts.users ?? []) edit.putUser(user)
  for (const token of parts.tokens ?? []) edit.putToken(token)
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
