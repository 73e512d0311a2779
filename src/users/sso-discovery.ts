import { SingleFlight } from '#/lib/single-flight.ts'
import type { ProviderLine } from './sso-line.ts'
import { discoveryUrl, providerMetadata, type ProviderMetadata } from './sso-metadata.ts'

interface Discovery {
  readonly line: Pick<ProviderLine, 'getJson'>
  readonly issuer: string
  readonly failed: (cause: unknown) => void
  readonly now?: () => number
}

/** From then on it is asked for again. */
const FRESH_MS = 600_000
/** While the provider does not answer, what it said last is believed for so long. */
const GOOD_MS = 12 * 3_600_000
/** After a failure nobody asks again for so long. */
const PAUSE_MS = 2_000

/** What the provider says of itself: asked for once for all who wait, and kept. */
export function keptMetadata({ line, issuer, failed, now = () => performance.now() }: Discovery) {
  const flight = new SingleFlight<'metadata', ProviderMetadata>()
  let known: ProviderMetadata | undefined
  let knownAt = -Infinity
  let failure: unknown
  let failedAt = -Infinity
  const ask = async (): Promise<ProviderMetadata> => {
    try {
      known = providerMetadata(await line.getJson(discoveryUrl(issuer)), issuer)
      knownAt = now()
      return known
    } catch (cause) {
      failure = cause
      failedAt = now()
      failed(cause)
      throw cause
    }
  }
  return async (): Promise<ProviderMetadata> => {
    const age = now() - knownAt
    if (known !== undefined && age < FRESH_MS) return known
    const stale = known !== undefined && age < GOOD_MS ? known : undefined
    if (now() - failedAt < PAUSE_MS) {
      if (stale !== undefined) return stale
      throw failure
    }
    return await flight.run('metadata', ask).catch((cause: unknown) => {
      if (stale !== undefined) return stale
      throw cause
    })
  }
}
