import { ForeignTokens } from '#/access/foreign-tokens.ts'
import { IssuerKeys } from '#/access/issuer-keys.ts'
import { givenKey } from '#/access/jwt-keys.ts'
import type { Config } from '#/config/config.ts'
import { issuerKeysUnread } from '#/telemetry/events.ts'
import type { Logger } from '#/telemetry/logger.ts'

/** Tokens of the operator's identity provider; undefined: none are accepted. `getJson`: by the way that keeps the rules of addresses. */
export function openForeignTokens(
  { jwt, http }: Config,
  log: Logger,
  getJson: (url: string) => Promise<unknown>,
): ForeignTokens | undefined {
  if (jwt === null) return undefined
  const { algorithm, issuer, audience, keys } = jwt
  const rules = { issuer, audience, publicUrl: http.publicUrl, trustsAddresses: algorithm === 'HS256' }
  const source =
    'text' in keys
      ? givenKey(keys.text, algorithm)
      : new IssuerKeys({ algorithm, load: () => getJson(keys.url), failed: issuerKeysUnread(log, keys.url) })
  return new ForeignTokens({ rules, algorithm, keys: source })
}
