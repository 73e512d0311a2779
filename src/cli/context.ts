import type { Config } from '#/config/config.ts'
import type { Env } from '#/config/env.ts'
import type { Api } from './api.ts'
import type { Terminal } from './terminal.ts'

/** What every command is given. */
export interface Context {
  readonly env: Env
  readonly out: Terminal
  /** Runs the gateway until it is told to stop. */
  readonly serve: (config: Config, out: Terminal) => Promise<void>
  /** The gateway that the environment names. */
  readonly api: () => Promise<Api>
  readonly readStdin: () => Promise<string>
}
