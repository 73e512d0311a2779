import type { GatewayId } from '#/access/ids.ts'
import type { Owned } from '#/access/principal.ts'
import type { Provenance } from '#/api/provenance.ts'
import type { Tag } from '#/api/tags.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { Transport } from '#/mcp/transport.ts'
import type { AuthHint, AuthType } from '#/api/credential.ts'
import type { DialDeclaration } from './dial-options.ts'
import type { StdioDeclaration } from './stdio-declaration.ts'

/** What an operator says about an upstream. */
export interface Declaration extends DialDeclaration {
  readonly name: string
  readonly slug: string
  /** null: it is started by a command. */
  readonly url: string | null
  readonly stdio: StdioDeclaration | null
  readonly description: string | null
  /** null: found out. */
  readonly transport: Transport | null
  readonly tags: readonly Tag[]
  readonly passthroughHeaders: readonly string[]
  readonly authType: AuthType | null
  readonly authHint: AuthHint | null
  /** Sealed JSON of header → value. */
  readonly credential: string | null
  readonly caCertificate: string | null
  readonly refreshIntervalSeconds: number | null
  readonly timeoutMs: number | null
  readonly teamId: Owned['teamId']
  readonly visibility: Owned['visibility']
}

/** What is observed about it. Times are ISO 8601 with microseconds. */
export interface GatewayState {
  readonly status: 'pending' | 'active'
  readonly reachable: boolean
  readonly lastError: string | null
  readonly lastSeen: string | null
  readonly registrationAttempts: number
  readonly nextCheckAt: string
  readonly lastRefreshAt: string | null
  readonly claimedBy: string | null
  readonly claimedAt: string | null
  readonly claimExpiresAt: string | null
  readonly era: Era | null
  readonly revision: Revision | null
  /** The transport that was found. */
  readonly transport: Transport | null
  readonly eraEvidence: string | null
  readonly eraAt: string | null
  readonly capabilities: string | null
  readonly serverInfo: string | null
  readonly instructions: string | null
}

export interface Gateway extends Declaration, Owned {
  readonly id: GatewayId
  readonly enabled: boolean
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly created: Partial<Provenance>
  readonly modified: Partial<Provenance>
  readonly ownerEmail: string | null
  readonly state: GatewayState
  readonly counts: { readonly tools: number; readonly prompts: number; readonly resources: number }
}
