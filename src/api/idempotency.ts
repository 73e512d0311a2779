import { createHash } from 'node:crypto'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Idempotency } from './endpoint.ts'

/** What an earlier create with the same key left behind. */
export interface Remembered {
  readonly targetId: string
  readonly hash: Buffer
}

const KEY = /^[\u0021-\u007e]{1,255}$/

/** The Idempotency-Key of a request, with the fingerprint of what it was sent for. */
export function idempotencyOf(header: string | undefined, route: string, body: unknown): Idempotency | null {
  if (header === undefined) return null
  if (!KEY.test(header))
    throw new GatewayError('invalid_field', 'Idempotency-Key must be 1 to 255 visible ASCII characters', {
      field: 'Idempotency-Key',
    })
  const hash = createHash('sha256')
    .update(route)
    .update('\n')
    .update(JSON.stringify(body ?? null))
    .digest()
  return { key: header, hash }
}

/** The id that the same request made earlier. A key that was used for another request is refused. */
export function repeatedTarget(remembered: Remembered | undefined, asked: Idempotency): string | undefined {
  if (remembered === undefined) return undefined
  if (!remembered.hash.equals(asked.hash))
    throw new GatewayError('invalid_field', 'this Idempotency-Key was used for a different request; use a new key', {
      field: 'Idempotency-Key',
    })
  return remembered.targetId
}
