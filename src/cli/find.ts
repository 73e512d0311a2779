import { nearest } from '#/lib/nearest.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'
import { idAndOwner, toldApart } from './told-apart.ts'

/** What can be named on the command line. */
interface Kind {
  readonly what: string
  readonly path: string
  readonly member: string
  /** The field that names it; another's thing may have the same name. */
  readonly name: string
  /** A field that is a name only while no thing has the text as its name. */
  readonly also?: string
  /** The command that lists them. */
  readonly list: string
}

const KINDS = {
  gateway: {
    what: 'server',
    path: '/v1/gateways?include_inactive=true',
    member: 'gateways',
    name: 'name',
    also: 'slug',
    list: 'list',
  },
  tool: { what: 'tool', path: '/v1/tools', member: 'tools', name: 'name', also: 'originalName', list: 'tools' },
  server: {
    what: 'virtual server',
    path: '/v1/servers?include_inactive=true',
    member: 'servers',
    name: 'name',
    list: 'server list',
  },
  prompt: {
    what: 'prompt',
    path: '/v1/prompts',
    member: 'prompts',
    name: 'name',
    also: 'originalName',
    list: 'show NAME',
  },
  token: { what: 'live token', path: '/v1/tokens', member: 'tokens', name: 'name', list: 'token list' },
  resource: {
    what: 'resource',
    path: '/v1/resources',
    member: 'resources',
    name: 'uri',
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
  const { path, member, name: key }: Kind = KINDS[kind]
  const things = await api.all(path, member)
  const found: Json[] = []
  for (const name of names) {
    const fitting = name.includes('*') ? things.filter((one) => glob(name).test(plainText(one[key]))) : []
    if (fitting.length > 0) found.push(...fitting)
    else found.push(await findAmong(things, kind, name))
  }
  return [...new Map(found.map((one) => [one['id'], one])).values()]
}

const glob = (name: string): RegExp => new RegExp(`^${name.split('*').map(RegExp.escape).join('.*')}$`)

type Pages = AsyncIterable<readonly Json[]> | Iterable<readonly Json[]>

/** Ids are one for all; of a name it takes all pages to know that only one thing has it. */
async function search(pages: Pages, kind: FindKind, name: string): Promise<Found> {
  const { name: key, also = key }: Kind = KINDS[kind]
  const known: string[] = []
  const [named, alike, begin]: [Json[], Json[], Json[]] = [[], [], []]
  for await (const page of pages) {
    const exact = page.find(({ id }) => id === name)
    if (exact !== undefined) return { only: exact, similar: [], known }
    named.push(...page.filter((one) => one[key] === name))
    alike.push(...page.filter((one) => one[also] === name))
    begin.push(
      ...page.filter((one) => name !== '' && ['id', key, also].some((each) => plainText(one[each]).startsWith(name))),
    )
    known.push(...page.map(nameOf))
  }
  const fitting = [named, alike, begin].find(({ length }) => length > 0) ?? []
  const similar = toldApart(fitting, fitting === named ? (one) => plainText(one[key]) : nameOf, idAndOwner)
  return { only: fitting.length === 1 ? fitting[0] : undefined, similar, known }
}

const nameOf = (thing: Json): string => plainText(thing['name'] ?? thing['uri'])

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
