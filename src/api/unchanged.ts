import { isDeepStrictEqual } from 'node:util'
import { GatewayError } from '#/errors/gateway-error.ts'

/**
 * Refuses what a body says otherwise of fields that no change can mean. Whoever reads a thing, changes it and writes it back whole says
 * them as they are.
 */
export function requireUnchanged<Field extends string>(
  said: Readonly<Partial<Record<NoInfer<Field>, unknown>>>,
  is: Readonly<Record<Field, unknown>>,
  why: Readonly<Record<NoInfer<Field>, string>>,
): void {
  for (const field of Object.keys(is) as Field[]) {
    if (said[field] === undefined || isDeepStrictEqual(said[field], is[field])) continue
    throw new GatewayError('invalid_field', `${field}: ${why[field]}`, { field })
  }
}
