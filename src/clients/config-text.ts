import { isDeepStrictEqual } from 'node:util'
import { isObject } from '#/lib/is-object.ts'
import { FileFault } from './file-fault.ts'
import { editJson, readJson } from './json-text.ts'
import { editToml, readToml } from './toml-text.ts'

export type Format = 'json' | 'toml'
/** Parsed JSON or TOML of an object. */
export type Values = Readonly<Record<string, unknown>>

/** One change of a configuration: `path` names the member; undefined takes it out. */
export interface Change {
  readonly path: readonly [string, string]
  readonly value: Values | readonly unknown[] | undefined
}

const FORMATS = {
  json: { read: readJson, edit: editJson },
  toml: { read: readToml, edit: editToml },
} as const

export const formatOf = (path: string): Format => (path.endsWith('.toml') ? 'toml' : 'json')

/** What the file says. Throws a FileFault with line and column where it cannot be read. */
export function readConfig(text: string, path: string): Values {
  return FORMATS[formatOf(path)].read(text, path)
}

/**
 * The text with the change made and everything else as it was: comments, order, blanks. Throws a FileFault where that cannot be
 * promised, because the result would mean anything but the change.
 */
export function editConfig(text: string, path: string, change: Change): string {
  const before = readConfig(text, path)
  const [group] = change.path
  if (!isObject(before[group] ?? {})) throw new FileFault(path, `${group} must be an object: mend it by hand`)
  const edited = FORMATS[formatOf(path)].edit(text, change)
  if (means(edited, path, changed(before, change))) return edited
  throw new FileFault(
    path,
    `${change.path.join('.')} cannot be changed in the form in which it is written: do it by hand`,
  )
}

function means(text: string, path: string, wanted: Values): boolean {
  try {
    return isDeepStrictEqual(settled(readConfig(text, path)), settled(wanted))
  } catch (error) {
    if (error instanceof FileFault) return false
    throw error
  }
}

function changed(before: Values, { path: [group, name], value }: Change): Values {
  const { [name]: _old, ...rest } = (before[group] ?? {}) as Values
  return { ...before, [group]: value === undefined ? rest : { ...rest, [name]: value } }
}

/** Without a difference between an empty group and none, nor between kinds of plain objects. */
function settled(values: Values): unknown {
  const known = Object.entries(plain(values) as Values).filter(([, value]) => !isDeepStrictEqual(value, {}))
  return Object.fromEntries(known)
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Date) return value.toJSON()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
