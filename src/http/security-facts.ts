import type { WitnessState } from '#/audit/witness-state.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { pace } from '#/lib/pace.ts'
import { isLoopbackHost } from './loopback.ts'

/** What of an operator's decisions matters to how safe an instance is. */
export interface SecuritySettings {
  /** null: loopback only. */
  readonly host: string | null
  readonly publicUrl: string | null
  readonly corsOrigins: readonly string[]
  /** Whether upstream servers may lie at loopback and private addresses. */
  readonly allowsPrivateNetworks: boolean
  /** Whether strangers may make themselves users. */
  readonly registration: boolean
  readonly provider: Provider | null
  readonly proxy: { readonly peers: readonly string[]; readonly isSecret: boolean } | null
}

/** Who else vouches for people. */
export interface Provider {
  readonly issuer: string
  readonly domains: readonly string[] | null
  readonly makesUsers: boolean
  readonly trustsAddresses: boolean
}

/** What is so of this instance now. */
export interface SecurityFacts {
  readonly settings: SecuritySettings
  /** A text: what is wrong with the key ring of this machine. */
  readonly keyRing: number | string
  /** How many administrators have a password that somebody else chose. */
  readonly administratorsToChoose: number
  readonly audit: WitnessState
  readonly catalog: CatalogFacts
}

/** What the catalog tells. */
export interface CatalogFacts {
  /** Live tokens that never expire, but for that of the data folder. */
  readonly lastingTokens: number
  /** Gateways that everybody may use and that are reached without a credential. */
  readonly open: readonly string[]
  /** How many gateways there are whose credential travels in the clear. */
  readonly inTheClear: number
}

/** In slices: there may be very many tokens. `own`: the hash of the data folder's token. */
export async function catalogFacts(snapshot: Snapshot, own: string | null): Promise<CatalogFacts> {
  const slice = pace()
  let lastingTokens = 0
  for (const { expiresAt, hash } of snapshot.tokens()) {
    if (expiresAt === null && hash !== own) lastingTokens++
    if (slice.due()) await slice.rest()
  }
  const open: string[] = []
  let inTheClear = 0
  for (const { enabled, url, visibility, credential, clientCert, name } of snapshot.gateways()) {
    if (slice.due()) await slice.rest()
    if (!enabled || url === null || isHere(url)) continue
    if (credential === null && clientCert === null && visibility === 'public') open.push(name)
    if (credential !== null && url.startsWith('http:')) inTheClear++
  }
  return { lastingTokens, open, inTheClear }
}

/** Whether a URL leads no further than this machine. */
export function isHere(url: string): boolean {
  return isLoopbackHost(URL.parse(url)?.host ?? '')
}
