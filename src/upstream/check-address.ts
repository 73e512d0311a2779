import { GatewayError } from '#/errors/gateway-error.ts'
import { untilAborted } from '#/lib/until-aborted.ts'
import { refuseAddress } from './addresses.ts'
import type { UpstreamContext } from './options.ts'

/** Whether a URL leads to where this gateway may go, as far as names say it now; a call decides again on the address it dials. */
export interface AddressCheck {
  /** Throws `forbidden_address`, `invalid_field` for a name that does not resolve, or the signal's reason. */
  check(url: string, signal?: AbortSignal): Promise<void>
}

export function createAddressCheck({ names, policy }: Pick<UpstreamContext, 'names' | 'policy'>): AddressCheck {
  return {
    async check(url, signal) {
      const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
      const addresses = await untilAborted(Promise.resolve(names.resolve(host)), signal).catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw new GatewayError('invalid_field', `url: ${GatewayError.from(cause).message}`, { cause, field: 'url' })
      })
      const refusals = addresses.map((address) => refuseAddress(address, policy))
      const first = refusals[0]
      // One address that may be reached is enough: only such are dialled.
      if (first !== null && first !== undefined && !refusals.includes(null))
        throw new GatewayError('forbidden_address', `url: ${first}`, { field: 'url' })
    },
  }
}
