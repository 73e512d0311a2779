import { foldCase } from '#/lib/fold-case.ts'
import { GatewayId } from '#/access/ids.ts'
import { permissionsNamed } from '#/access/permission-names.ts'
import { PERMISSIONS } from '#/access/permissions.ts'
import { checkerOf } from '#/api/validate.ts'
import { nearest } from '#/lib/nearest.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { declare } from '#/gateways/declaration.ts'
import { slugify } from '#/lib/slug.ts'
import { NAMES_NOTHING } from '#/tokens/token-scope.ts'
import {
  SECTION_NAMES,
  SECTIONS,
  type DeclaredGateway,
  type DeclaredServer,
  type DeclaredToken,
  type Section,
} from './declared-input.ts'

/** One mistake, and where it lies in the set: `['gateways', 0, 'url']`. */
export interface Mistake {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** The key itself is wrong, not what stands there. */
  readonly atKey?: true
}

const checks = {
  gateways: checkerOf(SECTIONS.gateways, 'gateway'),
  servers: checkerOf(SECTIONS.servers, 'server'),
  tokens: checkerOf(SECTIONS.tokens, 'token'),
}

/** Everything that can be known to be wrong without asking anybody. Empty: the set may be planned. */
export function mistakesIn(set: Readonly<Record<Section, readonly unknown[]>>): readonly Mistake[] {
  const formal = SECTION_NAMES.flatMap((section) =>
    set[section].flatMap((item, index) => formalMistakes(section, item).map((one) => within([section, index], one))),
  )
  // What is no item at all has no name that could be double.
  const wrong = new Set(formal.map(({ path }) => `${path[0]} ${path[1]}`))
  const sound = <S extends Section>(section: S): readonly (readonly [number, Sound[S]])[] =>
    [...(set[section] as readonly Sound[S][]).entries()].filter(([index]) => !wrong.has(`${section} ${index}`))
  return [
    ...formal,
    ...sound('gateways').flatMap(([index, gateway]) =>
      thrown(() => declare(GatewayId.mint(), gateway, NO_SEALER)).map((one) => within(['gateways', index], one)),
    ),
    ...sound('tokens').flatMap(([index, token]) => tokenMistakes(token).map((one) => within(['tokens', index], one))),
    ...doubles(sound('gateways'), 'gateways', slugify),
    ...doubles(sound('servers'), 'servers', (name) => foldCase(name)),
    ...doubles(sound('tokens'), 'tokens', (name) => name),
  ]
}

interface Sound {
  readonly gateways: DeclaredGateway
  readonly servers: DeclaredServer
  readonly tokens: DeclaredToken
}

/** Nothing is stored by a check. */
const NO_SEALER = { seal: () => '', open: () => Buffer.from('{}') }

function within(at: Mistake['path'], mistake: Mistake): Mistake {
  return { ...mistake, path: [...at, ...mistake.path] }
}

function formalMistakes(section: Section, item: unknown): readonly Mistake[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return [{ path: [], message: 'must be a map of fields' }]
  const known = Object.keys(SECTIONS[section].properties)
  const strange = Object.keys(item).filter((key) => !known.includes(key))
  return [
    ...strange.map((key): Mistake => ({ path: [key], message: unknownKey(key, known), atKey: true })),
    ...thrown(() => checks[section](item)),
  ]
}

export function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  return `${JSON.stringify(key)} is not known here${meant === null ? `; there are ${known.join(', ')}` : `: did you mean ${meant}?`}`
}

/** What a check says by throwing. */
function thrown(check: () => unknown): readonly Mistake[] {
  try {
    check()
    return []
  } catch (error) {
    const { message, field, data } = GatewayError.from(error)
    if (!(error instanceof GatewayError)) throw error
    const all = data?.['errors'] as readonly { field: string; message: string }[] | undefined
    if (all === undefined) return [{ path: field === undefined ? [] : [field], message: withoutField(message, field) }]
    // One rule that has several forms says the same thing once per form.
    const first = new Map(all.map((one) => [one.field, one] as const).toReversed())
    return [...first.values()].map((one) => ({ path: pathOf(one.field), message: one.message }))
  }
}

function withoutField(message: string, field: string | undefined): string {
  return field !== undefined && message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message
}

function pathOf(field: string): Mistake['path'] {
  return field === '' ? [] : field.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

function tokenMistakes({ permissions, expiresAt, expiresInDays }: DeclaredToken): readonly Mistake[] {
  const strange = [...(permissions ?? []).entries()].filter(([, name]) => permissionsNamed(name).length === 0)
  return [
    ...(permissions?.length === 0 ? [{ path: ['permissions'], message: NAMES_NOTHING }] : []),
    ...strange.map(([index, name]) => ({ path: ['permissions', index], message: unknownPermission(name) })),
    ...(expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))
      ? [{ path: ['expiresAt'], message: 'must be a date or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z' }]
      : []),
    ...(expiresAt !== undefined && expiresInDays !== undefined
      ? [{ path: ['expiresInDays'], message: 'stands beside expires_at: only one of them can be meant' }]
      : []),
  ]
}

function unknownPermission(name: string): string {
  const meant = nearest(name, PERMISSIONS)
  return `there is no permission ${JSON.stringify(name)}${meant === null ? `; there are ${PERMISSIONS.join(', ')}` : `: did you mean ${meant}?`}`
}

function doubles(
  items: readonly (readonly [number, { readonly name: string }])[],
  section: Section,
  keyOf: (name: string) => string,
): readonly Mistake[] {
  const seen = new Map<string, string>()
  return items.flatMap(([index, { name }]) => {
    const before = seen.get(keyOf(name))
    seen.set(keyOf(name), name)
    if (before === undefined) return []
    const message = before === name ? `${name} is declared twice` : `${name} and ${before} are the same name here`
    return [{ path: [section, index, 'name'], message }]
  })
}
