import type { ClientKind, Endpoint, Scenario } from './scenario.ts'

/** What a call asks the simulator's tool `wait` to do. The answer's text begins with one line of JSON: `{"canary": …, "tookMs": …}`. */
export interface WaitArguments {
  /** Milliseconds before the answer. */
  readonly ms: number
  /** Comes back as it is; differs for each request of each user. */
  readonly canary: string
  /** Bytes of text after the first line. */
  readonly bytes?: number
  /** Progress notifications on the way; the answer is then a stream. */
  readonly progress?: number
  readonly fail?: string
}

/** A door, ready to be knocked at. */
export interface Door {
  /** Path below the origin. */
  readonly path: string
  /** Names under which tools/list shows `wait`, one for each server behind this door. */
  readonly tools: readonly string[]
  readonly prompts: readonly string[]
  /** A resource of the simulator that answers after `ms`: `lab://NAME/wait/{ms}/{canary}`. */
  readonly resources: readonly string[]
}

/** A gateway (or a relay) that is ready for users: what the conductor hands to the generators. Serialisable. */
export interface Site {
  readonly name: string
  readonly origin: string
  readonly version: string | null
  /** One for each user, or one for all. */
  readonly tokens: readonly string[]
  readonly doors: Readonly<Partial<Record<Endpoint, readonly Door[]>>>
  readonly clients: readonly ClientKind[]
}

/** A site that was made ready for a run; what was made there goes with it. */
export interface PreparedSite extends AsyncDisposable {
  readonly site: Site
}

/** A gateway of which nothing is known but where it is and who asks. */
export interface GatewayPlace {
  /** The origin. */
  readonly url: string
  /** An administrator's. */
  readonly token: string
}

/** Puts the simulator's servers behind it, and makes virtual servers and a token for each user as the scenario needs them. */
export type PrepareGateway = (
  at: GatewayPlace,
  options: { readonly scenario: Scenario; readonly say: (step: string) => void; readonly signal: AbortSignal },
) => Promise<PreparedSite>
