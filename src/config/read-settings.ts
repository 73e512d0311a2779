import type { Env, Machine } from './env.ts'
import { CLIENT_SETTINGS, SECRET_SETTINGS, SETTINGS, type Setting, type SettingName, type Values } from './settings.ts'
import { maskUrl } from './mask.ts'
import { nearest } from '#/lib/nearest.ts'

/** Where a value comes from. */
export type Source = 'flag' | 'environment' | 'file' | 'default'

/** How a setting came that does not stand in the environment. */
export interface Origin {
  readonly source: 'flag' | 'file'
  /** What to call it when something is wrong: `--port`, `causeway.yaml:3:9: port`. */
  readonly label: string
  /** Its text was filled in from elsewhere and is not to be shown. */
  readonly isSecret: boolean
}
export type Origins = ReadonlyMap<SettingName, Origin>

interface Read {
  readonly values: Values
  readonly sources: Readonly<Record<SettingName, Source>>
  readonly problems: string[]
  readonly warnings: string[]
}

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** Every setting by itself; a variable that is empty counts as unset. A wrong one leaves a problem and its default. */
export function readSettings(env: Env, machine: Machine, origins: Origins = new Map()): Read {
  const problems: string[] = []
  const values: Partial<Record<SettingName, unknown>> = {}
  const sources: Partial<Record<SettingName, Source>> = {}
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name]
    const written = (env[name] ?? '').trim()
    const parsed = written === '' ? undefined : setting.parser.parse(written)
    const { source = 'environment', label = name, isSecret = false } = origins.get(name) ?? {}
    if (written !== '' && parsed === undefined) {
      const shown =
        isSecret || SECRET_SETTINGS.has(name) ? 'filled in with something' : JSON.stringify(maskUrl(written))
      problems.push(`${label} is ${shown} but must be ${setting.parser.type}`)
    }
    sources[name] = parsed === undefined ? 'default' : source
    values[name] = parsed ?? fallbackOf(setting, machine)
  }
  return {
    values: values as Values,
    sources: sources as Record<SettingName, Source>,
    problems,
    warnings: [...unknown(env), ...foreignTokens(env)],
  }
}

function fallbackOf(setting: Setting<unknown>, machine: Machine): unknown {
  const text = typeof setting.fallback === 'function' ? setting.fallback(machine) : setting.fallback
  return text === null ? null : setting.parser.parse(text)
}

function unknown(env: Env): string[] {
  const known: readonly string[] = [...SETTING_NAMES, ...Object.keys(CLIENT_SETTINGS)]
  return Object.keys(env)
    .filter((name) => name.startsWith('CAUSEWAY_') && !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known)
      return `${name} is not a setting and is ignored${meant === null ? '' : `; did you mean ${meant}?`}`
    })
}

/** Set by those who come from a gateway that took tokens of an identity provider: it must not look as if we did. */
function foreignTokens(env: Env): string[] {
  const set = (name: string): boolean => (env[name] ?? '').trim() !== ''
  const names = Object.keys(env).filter((name) => name.startsWith('JWT_') && set(name))
  if (names.length === 0 || set('JWT_ISSUER')) return []
  return [
    `${names.toSorted().join(', ')} ${names.length === 1 ? 'is' : 'are'} ignored without JWT_ISSUER: ` +
      'only tokens made here (causeway token create) are accepted',
  ]
}

/** Whether binding to `host` keeps the front door on this machine. */
export function isLoopback(host: string | null): boolean {
  return host === null || host === '::1' || /^localhost$/i.test(host) || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Nobody on the way reads or changes what comes from there: it comes over TLS, or not from afar. */
export function isSafeOnItsWay({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopback(hostname.replaceAll(/[[\]]/g, ''))
}
