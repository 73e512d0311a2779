import type { Principal } from '#/access/principal.ts'
import type { CatalogGateway } from '#/catalog/model.ts'

/** Header name (lower case) → value, in the clear. Never logged. */
export type CredentialHeaders = Readonly<Record<string, string>>

/**
 * Opens what is sealed. Asked once per (gateway version) where all share one credential, once per (gateway version, principal)
 * where each has their own, and again after the server refused what it gave.
 */
export interface Vault {
  headers(gateway: CatalogGateway, principal: Principal): CredentialHeaders | Promise<CredentialHeaders>
  /** Whether principals have credentials of their own at this gateway. Absent: never. */
  perPrincipal?(gateway: CatalogGateway): boolean
}
