import type { Config } from '#/config/config.ts'
import type { Env } from '#/config/env.ts'
import type { Layers } from '#/config/layers.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import type { Api } from './api.ts'
import type { Keyboard } from './keyboard.ts'
import type { Terminal } from './terminal.ts'

/** What every command is given. */
export interface Context {
  /** With what causeway.yaml says below it. */
  readonly env: Env
  /** Which of that came from where. */
  readonly layers: Layers
  readonly out: Terminal
  readonly keyboard: Keyboard
  /** Aborted with an Interrupted by Ctrl-C and the like. A command that then returns ends with the signal's exit code. */
  readonly stop: AbortSignal
  /** What a command has to put away after Ctrl-C takes so long; it is ended a little after the signal unless it says so. */
  readonly mayCleanUpFor: (ms: number) => void
  /** Runs the gateway until it is told to stop. */
  readonly serve: (config: Config, start: Start) => Promise<void>
  /** The gateway that the environment names. */
  readonly api: () => Promise<Api>
  readonly readStdin: () => Promise<string>
}

/** What a start is given beside the settings. */
export interface Start {
  readonly out: Terminal
  /** Who calls the commands has to say where the gateway is, because its place is not the usual one. */
  readonly elsewhere: boolean
  /** What is to be there; null: no file says. */
  readonly declared: DeclaredSource | null
}
