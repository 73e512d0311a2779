import { allowAny } from '#/access/allow.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { ServerId } from '#/access/ids.ts'
import type { GatewayDeps } from '#/gateways/gateway-deps.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { slugify } from '#/lib/slug.ts'
import type { ServerDeps } from '#/servers/server.ts'
import type { TokenDeps } from '#/tokens/token-store.ts'
import { TokenId } from '#/access/ids.ts'
import { mistakesIn } from './check.ts'
import type { DeclaredGateway, DeclaredSet } from './declared-input.ts'
import type { DeclaredStore } from './declared-store.ts'
import { gatewayRemoval, gatewayStep } from './gateways.ts'
import { namesSelected } from './selected.ts'
import { serverRemoval, serverStep } from './servers.ts'
import type { Applying, Existing, Kind, Step } from './step.ts'
import { ThingsNamed } from './things-named.ts'
import { tokenRemoval, tokenStep } from './tokens.ts'

/** What applying a set needs: the nouns it is made of, and who declared what. */
export interface DeclaredDeps {
  readonly store: DeclaredStore
  readonly gateways: GatewayDeps
  readonly servers: ServerDeps
  readonly tokens: TokenDeps
}

export interface Plan {
  /** In the order in which they are to be done; steps of one kind do not wait for each other. */
  readonly steps: readonly Step[]
  /** What the set declared before and does no longer, where it is not to be removed. */
  readonly left: readonly Existing[]
}

export type PlannedSet = Required<DeclaredSet>

export function wholeSet({ set, gateways = [], servers = [], tokens = [] }: DeclaredSet): PlannedSet {
  return { set, gateways, servers, tokens }
}

/** Refuses a set with mistakes, all of them at once. */
export function refuseMistakes(set: PlannedSet): void {
  const errors = mistakesIn(set).map(({ path, message }) => ({ field: path.join('.'), message }))
  const [first] = errors
  if (first === undefined) return
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw new GatewayError('invalid_field', `${first.field}: ${first.message}${more}`, {
    field: first.field,
    data: { errors },
  })
}

/** Compares the set with what there is. Changes nothing, asks no upstream, and throws where any of it cannot be done. */
export async function planSet(
  deps: DeclaredDeps,
  applying: Applying,
  { set, prune }: { readonly set: PlannedSet; readonly prune: boolean },
): Promise<Plan> {
  refuseMistakes(set)
  const existing = await deps.store.existing({
    set: set.set,
    slugs: set.gateways.map(({ name }) => slugify(name)),
    servers: set.servers.map(({ name }) => foldCase(name)),
    tokens: set.tokens.map(({ name }) => name),
    userId: applying.principal.userId,
  })
  const known = named(applying, existing)
  const gateways = await gatewaySteps(deps, applying, { set, known })
  const coming = new Map(set.servers.map(({ name }) => [foldCase(name), ServerId.mint()]))
  const servers = await serverSteps(deps, applying, { set, known, coming })
  const steps = [...gateways, ...servers, ...(await tokenSteps(deps, applying, { set, known, coming }))]
  const isSeen = (one: Existing): boolean => applying.principal.visibilityClass.sees(one)
  const gone = existing.filter(
    (one) => one.set === set.set && isSeen(one) && !steps.some(({ id, kind }) => id === one.id && kind === one.kind),
  )
  refuseForbidden(
    applying,
    steps.map(({ action, kind }) => [action, kind] as const),
  )
  if (!prune) return { steps, left: gone }
  // What leans on others goes first.
  const order: readonly Kind[] = ['token', 'server', 'gateway']
  const removals = order.flatMap((kind) =>
    gone.filter((one) => one.kind === kind).map((one) => removal(deps, applying, one)),
  )
  refuseForbidden(
    applying,
    removals.map(({ kind }) => ['remove', kind]),
  )
  return { steps: [...steps, ...removals], left: [] }
}

/** What is changed is asked about when it is read; what is made or removed, here. */
const NEEDED = {
  create: { gateway: 'gateways.create', server: 'servers.create', token: 'tokens.create' },
  remove: { gateway: 'gateways.delete', server: 'servers.delete', token: 'tokens.revoke' },
} as const

function refuseForbidden({ principal }: Applying, steps: readonly (readonly [Step['action'], Kind])[]): void {
  for (const [action, kind] of steps)
    if (action === 'create' || action === 'remove') allowAny(principal, NEEDED[action][kind])
}

function removal(deps: DeclaredDeps, applying: Applying, one: Existing): Step {
  if (one.kind === 'gateway') return gatewayRemoval(deps.gateways, applying, one)
  if (one.kind === 'server') return serverRemoval(deps.servers, applying, one)
  return tokenRemoval(deps.tokens, applying, one)
}

interface Known {
  readonly gateways: ThingsNamed
  readonly servers: ThingsNamed
  readonly tokens: ReadonlyMap<string, Existing>
}

function named(applying: Applying, existing: readonly Existing[]): Known {
  const tokens = existing.filter(({ kind }) => kind === 'token')
  return {
    gateways: new ThingsNamed('gateway', applying, existing),
    servers: new ThingsNamed('server', applying, existing),
    tokens: new Map(tokens.map((one) => [one.name, one])),
  }
}

interface Comparing {
  readonly set: PlannedSet
  readonly known: Known
}

async function gatewaySteps(deps: DeclaredDeps, applying: Applying, { set, known }: Comparing): Promise<Step[]> {
  return await inTurn(set.gateways, (wanted) =>
    gatewayStep(deps.gateways, applying, { wanted, found: gatewayDeclared(known, wanted) }),
  )
}

const gatewayDeclared = ({ gateways }: Known, { name, visibility = 'public' }: DeclaredGateway): Existing | undefined =>
  gateways.declared(name, visibility)

type WithServers = Comparing & { readonly coming: ReadonlyMap<string, ServerId> }

async function serverSteps(
  deps: DeclaredDeps,
  applying: Applying,
  { set, known, coming: ids }: WithServers,
): Promise<Step[]> {
  if (set.servers.length === 0) return []
  const names = namesSelected(set.servers)
  const { visibilityClass } = applying.principal
  const items = (): ReturnType<DeclaredStore['items']> => deps.store.items(names, { by: visibilityClass, set: set.set })
  const made = set.gateways.filter((wanted) => gatewayDeclared(known, wanted) === undefined)
  const coming = made.map(({ name }) => slugify(name))
  const plan = { items, known: await items(), awaited: () => deps.store.pendingSlugs(visibilityClass), coming }
  return await inTurn(set.servers, (wanted) =>
    serverStep(deps.servers, applying, {
      ...plan,
      wanted,
      found: known.servers.declared(wanted.name),
      comingId: ids.get(foldCase(wanted.name)) ?? ServerId.mint(),
    }),
  )
}

async function tokenSteps(
  deps: DeclaredDeps,
  applying: Applying,
  { set, known, coming }: WithServers,
): Promise<Step[]> {
  const { userId } = applying.principal
  const isDeclared = new Set(set.servers.map(({ name }) => foldCase(name)))
  const existing = (name: string): Promise<readonly Existing[]> =>
    deps.store.existing({ set: set.set, slugs: [], servers: [foldCase(name)], tokens: [], userId })
  return await inTurn(set.tokens, async (wanted) => {
    const found = known.tokens.get(wanted.name)
    const hash = found && TokenId.is(found.id) ? await deps.store.tokenHash(found.id) : undefined
    const server = foldCase(wanted.server ?? '')
    const serverNamed = async (name: string): Promise<ServerId | null> => {
      const servers = new ThingsNamed('server', applying, await existing(name))
      const one = isDeclared.has(server) ? servers.declared(name) : servers.only(name, `tokens.${wanted.name}.server`)
      return (one?.id as ServerId | undefined) ?? null
    }
    const isThere = known.servers.declared(server) !== undefined
    const serverComing = isThere ? null : (coming.get(server) ?? null)
    return await tokenStep(deps.tokens, applying, { wanted, found, hash, serverNamed, serverComing })
  })
}

/** One after the other: a plan is short, and the pool is for those who wait. */
async function inTurn<T>(items: readonly T[], make: (item: T) => Promise<Step>): Promise<Step[]> {
  const steps: Step[] = []
  for (const item of items) steps.push(await make(item))
  return steps
}
