import type { RotatingSealer } from '#/access/rotating-sealer.ts'
import { IssuerKeys } from '#/access/issuer-keys.ts'
import type { IdTokenAlgorithm } from '#/access/id-token.ts'
import type { Config } from '#/config/config.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { issuerKeysUnread, providerUnread } from '#/telemetry/events.ts'
import type { Logger } from '#/telemetry/logger.ts'
import { placesBounded } from '#/users/sign-in-places.ts'
import { keptMetadata } from '#/users/sso-discovery.ts'
import type { ProviderLine } from '#/users/sso-line.ts'
import { ssoLogins } from '#/users/sso-login.ts'
import { ssoProvider } from '#/users/sso-provider.ts'
import type { SsoDeps } from '#/users/sso.ts'

interface SsoParts {
  readonly config: Config
  readonly log: Logger
  readonly keys: RotatingSealer
  readonly deadlines: Deadlines
}

/** So many are at the provider at once, of each worker; it answers within seconds or not at all. */
const AT_THE_PROVIDER = { limit: 256, waiting: 512, maxWaitMs: 5_000, perNetwork: 128 }

/** So many begin at once, of each worker. It takes no time, unless the provider has to be asked what it is. */
const BEGINNING = { limit: 1024, waiting: 512, maxWaitMs: 5_000, perNetwork: 512 }

/** Sign-in with the operator's identity provider, but for what is stored; null: none is set up. */
export function openSso(
  { config, log, keys, deadlines }: SsoParts,
  line: ProviderLine,
): Omit<SsoDeps, 'store' | 'signIn'> | null {
  const { oidc, http } = config
  if (oidc === null || http.publicUrl === null) return null
  const { issuer, groups, domains, makesUsers } = oidc
  const provider = ssoProvider({
    ...oidc,
    line,
    redirectUri: `${http.publicUrl}/auth/sso/callback`,
    metadata: keptMetadata({ line, issuer, failed: providerUnread(log, issuer) }),
    keys: keptKeys(line, log),
  })
  return {
    rules: { issuer, groups, domains, makesUsers },
    loginUrl: `${http.publicUrl}/auth/sso/login`,
    provider,
    logins: ssoLogins(keys),
    beginnings: placesBounded(deadlines, BEGINNING),
    places: placesBounded(deadlines, AT_THE_PROVIDER),
  }
}

/** One set for each algorithm and place: a provider that moves its keys is followed. */
function keptKeys(line: ProviderLine, log: Logger): (algorithm: IdTokenAlgorithm, jwksUri: string) => IssuerKeys {
  const kept = new Map<IdTokenAlgorithm, { readonly jwksUri: string; readonly keys: IssuerKeys }>()
  return (algorithm, jwksUri) => {
    const known = kept.get(algorithm)
    if (known?.jwksUri === jwksUri) return known.keys
    const keys = new IssuerKeys({
      algorithm,
      load: () => line.getJson(jwksUri),
      failed: issuerKeysUnread(log, jwksUri),
    })
    kept.set(algorithm, { jwksUri, keys })
    return keys
  }
}
