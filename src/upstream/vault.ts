import type { Principal } from '#/access/principal.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import type { ClientIdentity } from '#/gateways/discovery.ts'

/** Header name (lower case) → value, in the clear. Never logged. */
export type CredentialHeaders = Readonly<Record<string, string>>

/**
 * Opens what is sealed. Asked once per (gateway version) where all share one credential, once per (gateway version, principal)
 * where each has their own, and again after the server refused what it gave.
 */
export interface Vault {
  headers(gateway: CatalogGateway, principal: Principal): CredentialHeaders | Promise<CredentialHeaders>
  /** What the gateway shows a server that asks who we are. Absent: nothing. */
  identity?(gateway: CatalogGateway): ClientIdentity | null
  /** Whether principals have credentials of their own at this gateway. Absent: never. */
  perPrincipal?(gateway: CatalogGateway): boolean
}
