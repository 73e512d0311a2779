import { availableParallelism, homedir } from 'node:os'

export type Env = Readonly<Record<string, string | undefined>>

/** What defaults depend on besides the environment. */
export interface Machine {
  readonly cores: number
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly isRoot: boolean
  /** XDG_DATA_HOME, LOCALAPPDATA or null. */
  readonly dataHome: string | null
}

/** The environment of this process, as it is now. Nothing else reads it. */
export function readEnv(): Env {
  return { ...process.env }
}

export function thisMachine(): Machine {
  const { platform } = process
  const dataHome = platform === 'win32' ? process.env['LOCALAPPDATA'] : process.env['XDG_DATA_HOME']
  return {
    cores: availableParallelism(),
    platform,
    home: homedir(),
    isRoot: process.getuid?.() === 0,
    dataHome: dataHome === undefined || dataHome === '' ? null : dataHome,
  }
}
