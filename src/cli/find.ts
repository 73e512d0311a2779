import { nearest } from '#/lib/nearest.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

/** What can be named on the command line. */
interface Kind {
  readonly what: string
  readonly path: string
  readonly member: string
  /** The fields that name it for good; one of another thing that is the same does not happen. */
  readonly keys: readonly string[]
  /** A field that is a name only while no other thing has the same. */
  readonly also?: string
  /** The command that lists them. */
  readonly list: string
}

const KINDS = {
  gateway: {
    what: 'server',
    path: '/v1/gateways?include_inactive=true',
    member: 'gateways',
    keys: ['id', 'name', 'slug'],
    list: 'list',
  },
  tool: { what: 'tool', path: '/v1/tools', member: 'tools', keys: ['id', 'name'], also: 'originalName', list: 'tools' },
  server: {
    what: 'virtual server',
    path: '/v1/servers?include_inactive=true',
    member: 'servers',
    keys: ['id'],
    also: 'name',
    list: 'server list',
  },
  prompt: {
    what: 'prompt',
    path: '/v1/prompts',
    member: 'prompts',
    keys: ['id', 'name'],
    also: 'originalName',
    list: 'show NAME',
  },
  token: { what: 'live token', path: '/v1/tokens', member: 'tokens', keys: ['id'], also: 'name', list: 'token list' },
  resource: {
    what: 'resource',
    path: '/v1/resources',
    member: 'resources',
    keys: ['id', 'uri'],
    also: 'name',
    list: 'show NAME',
  },
} as const satisfies Record<string, Kind>

export type FindKind = keyof typeof KINDS

export const findGateway = (api: Api, name: string): Promise<Json> => find(api, 'gateway', name)
export const findTool = (api: Api, name: string): Promise<Json> => find(api, 'tool', name)
export const findServer = (api: Api, name: string): Promise<Json> => find(api, 'server', name)

/** A thing by its name or id, else the only one that begins so. */
export async function find(api: Api, kind: FindKind, name: string): Promise<Json> {
  const found = await search(pagesOf(api, kind), kind, name)
  if (found.only !== undefined) return found.only
  throw notFound(kind, name, found)
}

/** The same among things that are known already. */
export async function findAmong(things: readonly Json[], kind: FindKind, name: string): Promise<Json> {
  const found = await search([things], kind, name)
  if (found.only !== undefined) return found.only
  throw notFound(kind, name, found)
}

/** The same among several kinds, in their order. */
export async function findAny<K extends FindKind>(
  api: Api,
  kinds: readonly K[],
  name: string,
): Promise<{ readonly kind: K; readonly thing: Json }> {
  const known: string[] = []
  for (const kind of kinds) {
    const found = await search(pagesOf(api, kind), kind, name)
    if (found.only !== undefined) return { kind, thing: found.only }
    if (found.similar.length > 1) throw notFound(kind, name, found)
    known.push(...found.known)
  }
  const whats = kinds.map((kind) => KINDS[kind].what)
  throw absent(`${whats.slice(0, -1).join(', ')} or ${whats.at(-1) ?? ''}`, name, { known, list: 'list' })
}

const pagesOf = (api: Api, kind: FindKind): Pages => api.pages(KINDS[kind].path, KINDS[kind].member)

interface Found {
  readonly only: Json | undefined
  /** Names of those that would fit, if they were fewer. */
  readonly similar: readonly string[]
  readonly known: readonly string[]
}

/** Each of the things that are named; `*` stands for any text, and a name with it for all that fit. */
export async function findEach(api: Api, kind: FindKind, names: readonly string[]): Promise<readonly Json[]> {
  if (names.length === 0) return []
  const { path, member, keys }: Kind = KINDS[kind]
  const things = await api.all(path, member)
  const found: Json[] = []
  for (const name of names) {
    const fitting = name.includes('*') ? things.filter((one) => fits(one, keys, glob(name))) : []
    if (fitting.length > 0) found.push(...fitting)
    else found.push(await findAmong(things, kind, name))
  }
  return [...new Map(found.map((one) => [one['id'], one])).values()]
}

const fits = (thing: Json, keys: readonly string[], wanted: RegExp): boolean =>
  keys.some((key) => key !== 'id' && wanted.test(plainText(thing[key])))
const glob = (name: string): RegExp => new RegExp(`^${name.split('*').map(RegExp.escape).join('.*')}$`)

type Pages = AsyncIterable<readonly Json[]> | Iterable<readonly Json[]>

async function search(pages: Pages, kind: FindKind, name: string): Promise<Found> {
  const { keys, also = 'id' }: Kind = KINDS[kind]
  const known: string[] = []
  const begin: Json[] = []
  const same: Json[] = []
  for await (const page of pages) {
    const exact = page.find((one) => keys.some((key) => one[key] === name))
    if (exact !== undefined) return { only: exact, similar: [], known }
    same.push(...page.filter((one) => one[also] === name))
    begin.push(
      ...page.filter((one) => name !== '' && [...keys, also].some((key) => plainText(one[key]).startsWith(name))),
    )
    known.push(...page.map(nameOf))
  }
  const fitting = same.length > 0 ? same : begin
  return { only: fitting.length === 1 ? fitting[0] : undefined, similar: distinct(fitting), known }
}

const nameOf = (thing: Json): string => plainText(thing['name'] ?? thing['uri'])

/** Their names; with the id, and whose they are, where several have the same one. */
function distinct(things: readonly Json[]): readonly string[] {
  const names = things.map(nameOf)
  if (new Set(names).size === names.length) return names
  return things.map((one, n) => {
    const { id, visibility, ownerEmail } = one
    const whose =
      ownerEmail === undefined || ownerEmail === null ? [] : [`${plainText(visibility)} of ${plainText(ownerEmail)}`]
    return `${names[n] ?? ''} (${[plainText(id), ...whose].join(', ')})`
  })
}

/** More names than this take longer to compare than a person looks at the list. */
const COMPARED = 2000
const SHOWN = 5

function notFound(kind: FindKind, name: string, { similar, known }: Found): CliError {
  const { what, list } = KINDS[kind]
  const asked = JSON.stringify(plainText(name))
  if (similar.length > 1) {
    const more = similar.length > SHOWN ? ` and ${similar.length - SHOWN} more` : ''
    const hint = similar.every((one) => one.startsWith(`${plainText(name)} (`))
      ? '; say the id of the one that is meant'
      : ''
    const message = `several ${what}s fit ${asked}: ${similar.slice(0, SHOWN).join(', ')}${more}${hint}`
    return new CliError(message, { code: 'ambiguous_name', details: { candidates: similar.slice(0, 100) } })
  }
  return absent(what, name, { known, list })
}

function absent(what: string, name: string, { known, list }: { known: readonly string[]; list: string }): CliError {
  const meant = nearest(name, known.slice(0, COMPARED))
  const hint = meant === null ? `causeway ${list} shows what there is` : `did you mean ${meant}?`
  return new CliError(`there is no ${what} ${JSON.stringify(plainText(name))}: ${hint}`, { code: 'not_found' })
}

export const idOf = (thing: Json): string => encodeURIComponent(plainText(thing['id']))
