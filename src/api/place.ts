import { TeamId } from '#/access/ids.ts'
import { movedPlace, type AskedPlace } from '#/access/place.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import type { Permission } from '#/access/permissions.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { ItemChange } from './items.ts'

/** Where a declared thing stands; whether it may is for `newPlace` and `movedPlace` to say. */
export type Place = Pick<Owned, 'teamId' | 'visibility'>

/** What a body says of where a thing stands, and the rest as it is. */
export function declaredPlace(asked: AskedPlace, before: Place): Place {
  const teamId = asked.teamId === undefined ? before.teamId : asked.teamId
  if (teamId !== null && !TeamId.is(teamId)) throw invalid('team_id', 'there is no such team')
  const visibility = asked.visibility ?? before.visibility
  if (visibility === 'team' && teamId === null)
    throw invalid('visibility', 'team needs a team: say which one with team_id')
  return { teamId, visibility }
}

interface Move {
  readonly item: Owned & { readonly gatewayId: string | null }
  readonly body: AskedPlace
}

/** The columns of an item that a body moves, checked. What an upstream offers belongs to the team of its gateway. */
export function placeChange(principal: Principal, permission: Permission, { item, body }: Move): Partial<ItemChange> {
  if (item.gatewayId !== null && body.teamId !== undefined && body.teamId !== item.teamId)
    throw invalid('team_id', 'what a gateway offers belongs to the team of its gateway: change that')
  const { teamId, visibility } = movedPlace(principal, permission, { from: item, asked: body })
  return {
    ...(teamId === item.teamId ? {} : { teamId }),
    ...(visibility === item.visibility ? {} : { visibility }),
  }
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
