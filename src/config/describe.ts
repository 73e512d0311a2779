import { MASK } from '#/lib/mask.ts'
import { configFromEnv, type Said } from './config.ts'
import { thisMachine, type Env, type Machine } from './env.ts'
import { maskUrl } from './mask.ts'
import { SETTING_NAMES, type Source } from './read-settings.ts'
import { SECRET_SETTINGS, SETTINGS, type Setting } from './settings.ts'

/** One setting for people: its effective value as an operator would write it, without passwords. */
export interface DescribedSetting {
  readonly name: string
  /** null: unset, which means `unset`. */
  readonly value: string | null
  readonly source: Source
  readonly type: string
  readonly default: string | null
  readonly doc: string
}

/** The whole table. Throws ConfigError like a start would. */
export function describeSettings(
  env: Env,
  machine: Machine = thisMachine(),
  said: Said = {},
): {
  readonly settings: readonly DescribedSetting[]
  readonly warnings: readonly string[]
} {
  const { sources, warnings } = configFromEnv(env, machine, said)
  const settings = SETTING_NAMES.map((name) => {
    const setting: Setting<unknown> = SETTINGS[name]
    const fallback = typeof setting.fallback === 'function' ? setting.fallback(machine) : setting.fallback
    const unset = setting.unset === undefined ? null : `(${setting.unset})`
    const plain = (env[name] ?? '').trim()
    const written = said.origins?.get(name)?.isSecret === true || SECRET_SETTINGS.has(name) ? MASK : maskUrl(plain)
    const value = sources[name] === 'default' ? (fallback ?? unset) : written
    const { doc } = setting
    return { name, value, source: sources[name], type: setting.parser.type, default: fallback, doc }
  })
  return { settings, warnings }
}
