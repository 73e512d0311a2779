import { allow } from '#/access/allow.ts'
import { holdsInPlatform } from '#/access/decide.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Owned, Principal, VisibilityClass } from '#/access/principal.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'

/** What decides about a thing. */
export interface PlaceReader<ThingId extends string> {
  /** Whose it is and where it stands, and nothing else of it. undefined: there is none, or it is not seen by these. */
  place(id: ThingId, by: VisibilityClass): Promise<Owned | undefined>
}

interface Asked<ThingId> {
  readonly id: ThingId
  readonly principal: Principal
  readonly permission: Permission
  /** For what there is not, or is not seen. */
  readonly absent: () => GatewayError
}

/**
 * Refuses what will be refused before the thing itself is read, which may be long. Who holds the permission on everything that is seen is
 * not refused, and so not asked about twice.
 */
export async function refuseFirst<ThingId extends string>(
  store: PlaceReader<ThingId>,
  { id, principal, permission, absent }: Asked<ThingId>,
): Promise<void> {
  if (holdsInPlatform(principal, permission)) return
  const place = await store.place(id, principal.visibilityClass)
  if (place === undefined || !principal.visibilityClass.sees(place)) throw absent()
  allow(principal, permission, place)
}
