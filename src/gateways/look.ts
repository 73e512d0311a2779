import { GatewayError } from '#/errors/gateway-error.ts'
import type { Discoverer, DiscoverOptions, Discovery, Target } from './discovery.ts'

/** Longest that a registration or a refresh asks an upstream. */
export const LOOK_MS = 10_000

export type Looked =
  { readonly kind: 'found'; readonly discovery: Discovery } | { readonly kind: 'unreachable'; readonly error: string }

/** Asks an upstream what it is and offers. What is worth another try is an answer; what is wrong with it is thrown as a 422. */
export async function look(
  discoverer: Discoverer,
  target: Target,
  { signal, ...options }: DiscoverOptions,
): Promise<Looked> {
  const late = AbortSignal.timeout(LOOK_MS)
  try {
    const discovery = await discoverer.discover(target, { ...options, signal: AbortSignal.any([signal, late]) })
    return { kind: 'found', discovery }
  } catch (cause) {
    if (signal.aborted) throw GatewayError.from(signal.reason)
    if (late.aborted) return { kind: 'unreachable', error: `it did not answer within ${LOOK_MS / 1000} s` }
    return judged(GatewayError.from(cause))
  }
}

function judged(error: GatewayError): Looked {
  switch (error.code) {
    case 'upstream_unreachable':
    case 'upstream_timeout':
    case 'upstream_busy':
      return { kind: 'unreachable', error: error.message }
    case 'upstream_invalid':
      throw new GatewayError('invalid_field', error.message, {
        cause: error,
        field: error.field ?? 'url',
        data: { reason: 'upstream_invalid', ...error.data },
      })
    case 'forbidden_address':
      throw new GatewayError('forbidden_address', error.message, { cause: error, field: 'url' })
    default:
      throw error
  }
}
