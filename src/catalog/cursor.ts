import { GatewayError } from '#/errors/gateway-error.ts'
import type { Place } from './state.ts'

/** The last line of a page: which item, and where it stood in case it is gone when the next page is asked for. */
export interface CursorKey extends Place {
  readonly gatewayId: string
  readonly gatewayCreatedAt: number
}

/** Long URIs are cut: of items at one position, those that share so long a beginning may be shown twice if the item is gone. */
const KEY_MAX = 200

export function writeCursor({ position, key, id, gatewayId, gatewayCreatedAt }: CursorKey): string {
  return JSON.stringify([position, key.slice(0, KEY_MAX), id, gatewayId, gatewayCreatedAt])
}

/** Throws `invalid_field` for what `writeCursor` has not written. */
export function readCursor(text: string): CursorKey {
  const [position, key, id, gatewayId, gatewayCreatedAt] = parts(text)
  if (typeof position === 'number' && typeof key === 'string' && typeof id === 'string') {
    if (typeof gatewayId === 'string' && typeof gatewayCreatedAt === 'number') {
      return { position, key, id, gatewayId, gatewayCreatedAt }
    }
  }
  throw new GatewayError('invalid_field', 'this is no cursor of this list; begin again without one', {
    field: 'cursor',
  })
}

function parts(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
