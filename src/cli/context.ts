import type { Config } from '#/config/config.ts'
import type { Env } from '#/config/env.ts'
import type { Api } from './api.ts'
import type { Keyboard } from './keyboard.ts'
import type { Terminal } from './terminal.ts'

/** What every command is given. */
export interface Context {
  readonly env: Env
  readonly out: Terminal
  readonly keyboard: Keyboard
  /** Aborted with an Interrupted by Ctrl-C and the like. A command that then returns ends with the signal's exit code. */
  readonly stop: AbortSignal
  /** Runs the gateway until it is told to stop. */
  readonly serve: (config: Config, out: Terminal) => Promise<void>
  /** The gateway that the environment names. */
  readonly api: () => Promise<Api>
  readonly readStdin: () => Promise<string>
}
