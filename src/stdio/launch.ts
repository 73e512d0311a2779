/** Who share one process of a stdio server. */
export type Sharing = 'shared' | 'per_principal' | 'per_call'

/** All that it takes to run a stdio server. `env` in the clear: never logged, never in an error. */
export interface Launch {
  readonly gatewayId: string
  /** Of the gateway: what comes from an older one than the newest that was seen is late. */
  readonly version: number
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | null
  readonly sharing: Sharing
  /** It is only being tried: what it starts ends soon after, unless it is kept. */
  readonly trial: boolean
}

/** A launch as it is kept: its environment sealed, if it has any. */
export interface SealedLaunch extends Omit<Launch, 'env'> {
  readonly env: string | null
}

/** A gateway that changed, was switched off or is gone: launches of versions up to this one are over. */
export interface Retirement {
  readonly gatewayId: string
  readonly version: number
  /** It will not come back. */
  readonly gone: boolean
  /** It goes on with another launch: what is under way is still answered. */
  readonly changed?: boolean
}

/** The topic under which workers tell of retirements. */
export const RETIREMENTS = 'stdio'

/** The header that says whose process a request of a gateway with `per_principal` goes to. */
export const CALLER_HEADER = 'x-causeway-caller'

/** The header in which the host says why there is no answer. */
export const FAULT_HEADER = 'x-causeway-fault'
