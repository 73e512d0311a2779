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
  /** XDG_CONFIG_HOME, APPDATA or null. */
  readonly configHome: string | null
}

/** The environment of this process, as it is now. Nothing else reads it. */
export function readEnv(): Env {
  return { ...process.env }
}

export function thisMachine(): Machine {
  const { platform } = process
  const of = (windows: string, others: string): string | null =>
    process.env[platform === 'win32' ? windows : others] || null
  return {
    cores: availableParallelism(),
    platform,
    home: homedir(),
    isRoot: process.getuid?.() === 0,
    dataHome: of('LOCALAPPDATA', 'XDG_DATA_HOME'),
    configHome: of('APPDATA', 'XDG_CONFIG_HOME'),
  }
}
