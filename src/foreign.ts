import { ForeignTokens } from '#/access/foreign-tokens.ts'
import { IssuerKeys } from '#/access/issuer-keys.ts'
import { givenKey } from '#/access/jwt-keys.ts'
import type { JwtAlgorithm } from '#/access/jwt.ts'
import type { Config } from '#/config/config.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import { issuerKeysUnread } from '#/telemetry/events.ts'
import type { Logger } from '#/telemetry/logger.ts'

interface Outside {
  readonly log: Logger
  readonly link: Pick<WorkerLink, 'tell' | 'onFact'>
  /** By the way that keeps the rules of addresses. */
  readonly getJson: (url: string) => Promise<unknown>
}

/** Tokens of the operator's identity provider; undefined: none are accepted. */
export function openForeignTokens({ jwt, http }: Config, outside: Outside): ForeignTokens | undefined {
  if (jwt === null) return undefined
  const { algorithm, issuer, audience, keys } = jwt
  const rules = { issuer, audience, publicUrl: http.publicUrl, trustsAddresses: algorithm === 'HS256' }
  const source = 'text' in keys ? givenKey(keys.text, algorithm) : publishedKeys(keys.url, algorithm, outside)
  return new ForeignTokens({ rules, algorithm, keys: source })
}

/** Once one worker has read that a key is new or withdrawn, all of them know. */
function publishedKeys(url: string, algorithm: JwtAlgorithm, { log, link, getJson }: Outside): IssuerKeys {
  const keys = new IssuerKeys({
    algorithm,
    load: () => getJson(url),
    learnt: (value) => link.tell({ topic: TOPIC, key: url, value, expiresAt: Date.now() + 60_000, once: true }),
    failed: issuerKeysUnread(log, url),
  })
  link.onFact(TOPIC, ({ value }) => keys.adopt(value))
  return keys
}

const TOPIC = 'issuer-keys'
