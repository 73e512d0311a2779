import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isObject } from '#/lib/is-object.ts'
import type { Fault } from '#/lib/located-yaml.ts'
import { ConfigError } from './config.ts'
import type { ConfigFile } from './config-file.ts'
import type { Env, Machine } from './env.ts'
import { at, faultLines } from './fault-lines.ts'
import { nearest } from '#/lib/nearest.ts'
import { readSettings, SETTING_NAMES, type Origin, type Origins } from './read-settings.ts'
import { fields } from './parsers.ts'
import { SETTINGS, type SettingName } from './settings.ts'

/** What an operator said, one layer over the other: flags over the environment over a file. */
export interface Layers {
  /** As if all of it stood in the environment. */
  readonly env: Env
  /** Where settings come from that do not stand in the environment. */
  readonly origins: Origins
  readonly file: ConfigFile | null
  /** What is wrong with the file as far as settings go, line by line. */
  readonly faults: readonly string[]
}

/** `port` of PORT, `public_url` of CAUSEWAY_PUBLIC_URL: how files and, with dashes, flags call a setting. */
export function shortName(name: SettingName): string {
  return name.replace(/^CAUSEWAY_/, '').toLowerCase()
}

export const flagOf = (name: SettingName): string => `--${shortName(name).replaceAll('_', '-')}`

/** The file's name where nobody says another. */
const USUAL = 'causeway.yaml'

interface Where {
  readonly machine: Machine
  readonly folder: string
  /** The file that a flag names. */
  readonly named: string | null
}

/** The environment with what the file says below it: the one that is named, else causeway.yaml here, else in the data folder. */
export async function layersOf(env: Env, { machine, folder, named }: Where): Promise<Layers> {
  const path = named ?? given(env, 'CAUSEWAY_CONFIG') ?? usualFile(env, { machine, folder })
  const none: Layers = { env, origins: new Map(), file: null, faults: [] }
  if (path === null) return none
  // Most commands have no file, and need none of what reads it.
  const { readConfigFile } = await import('./config-file.ts')
  try {
    return withFile(env, readConfigFile(path, env))
  } catch (error) {
    return { ...none, faults: [error instanceof Error ? error.message : String(error)] }
  }
}

function usualFile(env: Env, { machine, folder }: Omit<Where, 'named'>): string | null {
  const here = join(folder, USUAL)
  // As people say it, where that leads there.
  if (existsSync(here)) return folder === process.cwd() ? USUAL : here
  const beside = join(readSettings(env, machine).values.CAUSEWAY_DATA_DIR, USUAL)
  return existsSync(beside) ? beside : null
}

function given(env: Env, name: string): string | null {
  const text = (env[name] ?? '').trim()
  return text === '' ? null : text
}

/** A file cannot say which file is read. */
const NOT_IN_FILES: readonly SettingName[] = ['CAUSEWAY_CONFIG']

function withFile(env: Env, file: ConfigFile): Layers {
  const settings = file.yaml.read('settings')
  const faults: Fault[] = [...settings.faults]
  const texts: Record<string, string> = {}
  const origins = new Map<SettingName, Origin>()
  for (const [key, value] of entriesOf(settings.value, file, faults)) {
    const name = settingNamed(key)
    const place = file.yaml.placeOf(['settings', key])
    if (name === null) faults.push({ place: file.yaml.placeOfKey(['settings', key]), message: unknownSetting(key) })
    else if (value !== null && !isText(value) && !hasFields(name, value))
      faults.push({ place, message: `${key} must be one value` })
    else if (value !== null && given(env, name) === null) {
      texts[name] = isText(value) ? folderOf(name, String(value), file) : JSON.stringify(value)
      const isSecret = file.yaml.isFilledIn(['settings', key])
      origins.set(name, { source: 'file', label: `${at(file.path, place)}: ${key}`, isSecret })
    }
  }
  return { env: { ...env, ...texts }, origins, file, faults: faultLines(file.path, faults) }
}

function isText(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

/** A map where the setting has fields, which then stands in the environment as JSON. */
function hasFields(name: SettingName, value: unknown): boolean {
  return SETTINGS[name].parser.type.includes(fields.type) && isObject(value)
}

function entriesOf(value: unknown, { yaml }: ConfigFile, faults: Fault[]): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return []
  if (isObject(value)) return Object.entries(value)
  faults.push({ place: yaml.placeOf(['settings']), message: 'settings must be a map of names to values' })
  return []
}

const IN_FILES = SETTING_NAMES.filter((name) => !NOT_IN_FILES.includes(name))

function settingNamed(key: string): SettingName | null {
  return IN_FILES.find((name) => name === key || shortName(name) === key) ?? null
}

function unknownSetting(key: string): string {
  const known = IN_FILES.map(shortName)
  const meant = nearest(key.toLowerCase().replace(/^causeway_/, ''), known)
  return `${JSON.stringify(key)} is not a setting${meant === null ? `; there are ${known.join(', ')}` : `: did you mean ${meant}?`}`
}

/** A path in a file starts from the file, wherever the process was started. */
function folderOf(name: SettingName, text: string, { folder }: ConfigFile): string {
  return name === 'CAUSEWAY_DATA_DIR' ? resolve(folder, text) : text
}

/** The layers with flags on top. */
export function withFlags(layers: Layers, flags: Readonly<Partial<Record<SettingName, string>>>): Layers {
  const origins = new Map(layers.origins)
  for (const name of Object.keys(flags) as SettingName[])
    origins.set(name, { source: 'flag', label: flagOf(name), isSecret: false })
  return { ...layers, env: { ...layers.env, ...flags }, origins }
}

/** Throws where the file cannot be used. */
export function refuseFaults({ faults }: Pick<Layers, 'faults'>, what?: string): void {
  if (faults.length > 0) throw new ConfigError(faults, what)
}
