import { Type } from './type.ts'
import type { IdKind, Id } from '#/lib/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** `{id}` of a route: any text; `idOf` decides, so that a wrong form is answered like an id that does not exist. */
export const IdParams = Type.Object({ id: Type.String({ description: '32 lower-case hexadecimal characters' }) })

/** The id in a path. What has not the form of an id cannot exist: 404, in the same words. */
export function idOf<I extends Id<string>>(kind: IdKind<I>, value: string, noun: string): I {
  if (!kind.is(value)) throw new GatewayError('not_found', `${noun} not found: ${value.slice(0, 64)}`)
  return value
}
