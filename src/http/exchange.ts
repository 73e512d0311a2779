import type { Principal } from '#/access/principal.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import type { Frame } from '#/mcp/frame.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { Arrival } from './arrival.ts'
import type { Session } from './session.ts'

/** One MCP request, understood: who asks what of which endpoint, in which revision. */
export interface Exchange {
  readonly arrival: Arrival
  readonly principal: Principal
  readonly scope: Scope
  readonly frame: Frame
  readonly era: Era
  readonly revision: Revision
  readonly session: Session | undefined
  /** Raw JSON of the request's id. */
  readonly id: Buffer
}
