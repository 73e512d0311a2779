import { shortName } from '#/config/layers.ts'
import { SETTING_NAMES } from '#/config/read-settings.ts'
import { isObject } from '#/lib/is-object.ts'
import type { Fault, LocatedYaml, Path } from '#/lib/located-yaml.ts'
import { snake } from './step.ts'
import { mistakesIn, unknownKey, type Mistake } from './check.ts'
import { SECTION_NAMES, SECTIONS, type DeclaredSet, type Section } from './declared-input.ts'

/** Where a token's value comes from. */
export type TokenValue =
  | { readonly kind: 'hash'; readonly hash: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Made once and kept there; null: in the data folder, under the token's name. */
  | { readonly kind: 'file'; readonly path: string | null }

/** What a file declares. The hashes of its tokens are still to be found: `values` says from where, token by token. */
export interface DeclaredFile {
  readonly set: Required<DeclaredSet>
  readonly values: readonly TokenValue[]
}

export const TOP_KEYS = ['set', 'settings', ...SECTION_NAMES] as const

const SHORTEST_VALUE = 32

interface Item {
  /** Where it stands in the file. */
  readonly path: Path
  readonly value: unknown
  /** Our name of a field → how it is written in the file. */
  readonly written: ReadonlyMap<string, string>
}

/** Reads what a file declares, with every mistake in it at its place. `name`: of the set, where the file names none. */
export function readDeclared(
  yaml: LocatedYaml,
  name: string,
): { readonly file: DeclaredFile; readonly faults: readonly Fault[] } {
  const { value, faults: unfilled } = yaml.read()
  const faults: Fault[] = []
  const top = topOf(yaml, value, faults)
  const set = setName(top['set'] ?? name)
  if (set === null)
    faults.push({ place: yaml.placeOf(['set']), message: "set: must be 1 to 64 letters, digits, '_', '.' and '-'" })
  const items = sections((section) => itemsOf(yaml, [section, top[section]], faults))
  const values = items.tokens.map((item) => valueOf(yaml, item, faults))
  const tokens = items.tokens.map(({ value }) => withoutValue(value))
  const drafts = { gateways: items.gateways.map(valueIn), servers: items.servers.map(valueIn), tokens }
  faults.push(...mistakesIn(drafts).map((mistake) => placed(yaml, items, mistake)))
  return {
    file: { set: { set, ...drafts } as unknown as DeclaredFile['set'], values },
    faults: [...unfilled, ...apartFrom(unfilled, faults)],
  }
}

/** What could not be filled in is empty: that this is wrong as well goes without saying. */
function apartFrom(unfilled: readonly Fault[], faults: readonly Fault[]): readonly Fault[] {
  const places = new Set(unfilled.map(({ place }) => JSON.stringify(place)))
  return faults.filter(({ place }) => !places.has(JSON.stringify(place)))
}

function setName(name: unknown): string | null {
  return typeof name === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : null
}

const valueIn = ({ value }: Item): unknown => value

function sections<T>(make: (section: Section) => T): Record<Section, T> {
  return Object.fromEntries(SECTION_NAMES.map((section) => [section, make(section)])) as Record<Section, T>
}

function topOf(yaml: LocatedYaml, value: unknown, faults: Fault[]): Readonly<Record<string, unknown>> {
  if (value === null) return {}
  if (!isObject(value)) {
    faults.push({ place: yaml.placeOf([]), message: `the file must be a map of ${TOP_KEYS.join(', ')}` })
    return {}
  }
  for (const key of Object.keys(value))
    if (!(TOP_KEYS as readonly string[]).includes(key))
      faults.push({ place: yaml.placeOfKey([key]), message: strangerAtTop(key) })
  return value
}

/** Settings look as if they could stand at the top. */
function strangerAtTop(key: string): string {
  const name = key.toLowerCase().replace(/^causeway_/, '')
  const isSetting = SETTING_NAMES.some((setting) => shortName(setting) === name)
  return isSetting ? `"${key}" is a setting: put it under settings:, as ${name}` : unknownKey(key, TOP_KEYS)
}

/** A section is a list of items with names, or a map of names to items. */
function itemsOf(yaml: LocatedYaml, [section, written]: readonly [Section, unknown], faults: Fault[]): readonly Item[] {
  if (written === undefined || written === null) return []
  if (Array.isArray(written)) return written.map((value, index) => itemOf(section, [section, index], value))
  if (!isObject(written)) {
    faults.push({ place: yaml.placeOf([section]), message: `${section}: must be a list, or a map of names` })
    return []
  }
  return Object.entries(written).map(([name, value]) => {
    const item = itemOf(section, [section, name], value ?? {})
    return isObject(item.value) ? { ...item, value: { name, ...item.value } } : item
  })
}

/** Fields of a token that are a matter of this file alone. */
const VALUE_FIELDS = ['file', 'value'] as const

function itemOf(section: Section, path: Path, value: unknown): Item {
  if (!isObject(value)) return { path, value, written: new Map() }
  const known = [...Object.keys(SECTIONS[section].properties), ...VALUE_FIELDS]
  const ours = new Map(known.map((name) => [snake(name), name]))
  const pairs = Object.entries(value).map(([key, field]) => [ours.get(key) ?? key, key, field] as const)
  return {
    path,
    value: Object.fromEntries(pairs.map(([name, , field]) => [name, field])),
    written: new Map(pairs.map(([name, key]) => [name, key])),
  }
}

function valueOf(yaml: LocatedYaml, { path, value }: Item, faults: Fault[]): TokenValue {
  const { hash, value: text, file } = isObject(value) ? value : {}
  const given = Object.entries({ hash, value: text, file }).filter(([, one]) => one !== undefined)
  const fault = (key: string, message: string): void => {
    faults.push({ place: yaml.placeOf([...path, key]), message: `${[...path, key].join('.')}: ${message}` })
  }
  if (given.length > 1) fault(given[1]?.[0] ?? '', 'stands beside another: a token has one of hash, value and file')
  if (typeof hash === 'string') return { kind: 'hash', hash }
  if (file !== undefined && typeof file !== 'string') fault('file', 'must be the path of a file')
  if (text === undefined) return { kind: 'file', path: typeof file === 'string' ? file : null }
  if (!yaml.isFilledIn([...path, 'value']))
    fault('value', 'does not belong into this file: say value: ${NAME}, or file: PATH, or hash: its SHA-256')
  else if (typeof text !== 'string' || text.length < SHORTEST_VALUE || !/^[\x21-\x7e]+$/.test(text))
    fault('value', `must be ${SHORTEST_VALUE} visible ASCII characters or more: a shorter one can be guessed`)
  return { kind: 'text', text: typeof text === 'string' ? text : '' }
}

/** Where the value comes from is told apart; what is wrong with a hash is told like the rest. */
function withoutValue(value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !(VALUE_FIELDS as readonly string[]).includes(name)),
  )
}

function placed(yaml: LocatedYaml, items: Record<Section, readonly Item[]>, { path, message, atKey }: Mistake): Fault {
  const [section, index, field, ...rest] = path
  const item = items[section as Section][Number(index)]
  if (item === undefined) return { place: null, message }
  if (field === undefined) return { place: yaml.placeOf(item.path), message: `${item.path.join('.')}: ${message}` }
  const key = item.written.get(String(field)) ?? String(field)
  const at = [...item.path, key, ...rest]
  if (atKey) return { place: yaml.placeOfKey(at), message: `${item.path.join('.')}: ${message}` }
  return { place: yaml.placeOf(at), message: `${at.join('.')}: ${message}` }
}
