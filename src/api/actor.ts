import type { UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from './endpoint.ts'
import { provenanceOf, type Provenance } from './provenance.ts'

/** Who writes: for the row, the audit record and the idempotency key. */
export interface Actor extends Provenance {
  readonly userId: UserId
}

/** A write that hit something: the number of its change, for whoever waits until it is applied. */
export interface Changed {
  readonly seq: number | null
}

/** A write to one thing: by whom, and the version it must still have (null: whichever). */
export interface WriteTo {
  readonly actor: Actor
  readonly ifMatch: number | null
}

export function actorOf(principal: Principal, request: RequestContext): Actor {
  return { userId: principal.userId, ...provenanceOf(principal, request) }
}
