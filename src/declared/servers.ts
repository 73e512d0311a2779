import { allowAny } from '#/access/allow.ts'
import type { ServerId } from '#/access/ids.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import { actorOf } from '#/api/actor.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { serverGone, serverThen } from '#/servers/foreseeing.ts'
import { changedServer, changeServer, madeServer, makeServer, serverFor, settled } from '#/servers/make-server.ts'
import type { ItemKind, Server, ServerDeclaration, ServerDeps } from '#/servers/server.ts'
import type { ServerUpdate } from '#/servers/server-input.ts'
import type { DeclaredServer } from './declared-input.ts'
import type { NamedItem } from './declared-store.ts'
import { differences, takenOver, type Applying, type Change, type Existing, type Ran, type Step } from './step.ts'

type Selected = NonNullable<DeclaredServer['tools']>[number]

const KINDS = { tool: 'tools', prompt: 'prompts', resource: 'resources' } as const satisfies Record<ItemKind, string>
const ALL = Object.keys(KINDS) as readonly ItemKind[]

/** The names that a set's virtual servers select, by kind. */
export function namesSelected(servers: readonly DeclaredServer[]): Record<ItemKind, readonly string[]> {
  const of = (kind: ItemKind): readonly string[] =>
    servers.flatMap((server) => (server[KINDS[kind]] ?? []).map((one) => nameOf(one)))
  return { tool: of('tool'), prompt: of('prompt'), resource: of('resource') }
}

const nameOf = (one: Selected): string => (typeof one === 'string' ? one : one.name)

interface Chosen extends NamedItem {
  readonly as: string | null
  readonly description: string | null
}

/** What a server selects of what there is, and the names for which there is nothing. */
interface Choice {
  readonly items: readonly Chosen[]
  readonly missing: readonly { readonly kind: ItemKind; readonly name: string }[]
}

export function chosen(wanted: DeclaredServer, known: readonly NamedItem[]): Choice {
  const items = new Map<string, Chosen>()
  const missing: { kind: ItemKind; name: string }[] = []
  for (const kind of ALL) {
    const ofKind = known.filter((item) => item.kind === kind)
    // What is named itself stands before what a pattern finds, and keeps what was said of it.
    const exact = new Set((wanted[KINDS[kind]] ?? []).map(nameOf))
    for (const one of wanted[KINDS[kind]] ?? []) {
      const fits = matching(nameOf(one), ofKind).filter(({ name }) => name === nameOf(one) || !exact.has(name))
      if (fits.length === 0 && !nameOf(one).includes('*')) missing.push({ kind, name: nameOf(one) })
      const { as = null, description = null } = typeof one === 'string' ? {} : one
      for (const item of fits) if (!items.has(item.id)) items.set(item.id, { ...item, as, description })
    }
  }
  return { items: [...items.values()], missing }
}

function matching(name: string, items: readonly NamedItem[]): readonly NamedItem[] {
  if (!name.includes('*')) return items.filter((item) => item.name === name)
  const form = new RegExp(
    `^${name
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    's',
  )
  return items.filter((item) => form.test(item.name)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export interface ServerPlan {
  readonly wanted: DeclaredServer
  readonly found: Existing | undefined
  /** Read anew when the step runs: the gateways before it may have brought what it names. */
  readonly items: () => Promise<readonly NamedItem[]>
  readonly known: readonly NamedItem[]
  /** Slugs of gateways that have not been reached yet: what is missing may come with them. */
  readonly awaited: () => Promise<readonly string[]>
  /** How the server is spoken of until it is made. */
  readonly comingId: ServerId
  /** Slugs of gateways that this very set makes. */
  readonly coming: readonly string[]
}

/** What is to be done for a virtual server to be as declared. */
export async function serverStep(deps: ServerDeps, applying: Applying, plan: ServerPlan): Promise<Step> {
  const { wanted, found, known } = plan
  const choice = chosen(wanted, known)
  const awaited = [...plan.coming, ...(choice.missing.length === 0 ? [] : await plan.awaited())]
  refuseUnknown(wanted, choice, awaited)
  const base = { kind: 'server', name: wanted.name, note: noteOn(choice) } as const
  const unknown = choice.missing.length === 0 ? null : `the virtual server ${wanted.name} ${noteOn(choice)}`
  if (found === undefined) {
    const run = (): Promise<Ran> => create(deps, applying, plan)
    const outcome = (): Promise<Otherwise> => made(deps, applying, { plan, choice })
    return { ...base, action: 'create', id: null, changes: shown(wanted), outcome, unknown, run }
  }
  const id = found.id as ServerId
  const asked = [applying.principal, 'servers.update'] as const
  const server = asSeen(await serverFor(deps, id, asked), applying)
  const changes = [...takenOver(found, applying), ...drift(server, wanted, choice)]
  // What is still to come may be there when the gateways before this have been applied.
  const maybe = choice.missing.length > 0 && plan.coming.length > 0
  const run = (): Promise<Ran> => update(deps, applying, { server, plan })
  const isKept = changes.length === 0 && !maybe
  const outcome = async (): Promise<Otherwise> =>
    isKept ? {} : await changed(deps, applying, { server, wanted, choice })
  return { ...base, action: isKept ? 'keep' : 'change', id, changes, outcome, unknown, run }
}

async function made(
  deps: ServerDeps,
  { principal, request }: Applying,
  { plan: { wanted, comingId }, choice }: { readonly plan: ServerPlan; readonly choice: Choice },
): Promise<Otherwise> {
  const body = { ...bodyOf(wanted), ...selectionBody(choice) }
  const grant = allowAny(principal, 'servers.create')
  const { declaration, items } = await madeServer(deps, deps.rehearsal, { body, grant, idempotency: null, request })
  const enabled = wanted.enabled !== false
  return serverThen({ id: comingId, ownerId: principal.userId, ...declaration, enabled }, items)
}

interface Changing {
  readonly server: Server
  readonly wanted: DeclaredServer
  readonly choice: Choice
}

async function changed(
  deps: ServerDeps,
  { principal, request }: Applying,
  { server: { id, enabled }, wanted, choice }: Changing,
): Promise<Otherwise> {
  const body = { ...bodyOf(wanted), ...selectionBody(choice) }
  const asked = { id, body, ifMatch: null, principal, request }
  const { server, to } = await changedServer(deps, deps.rehearsal, asked)
  const then = { ...server, ...to.declaration, enabled: wanted.enabled ?? enabled }
  return serverThen(then, to.items ?? server.items)
}

/** What is hidden from whoever applies stays selected: it is neither compared nor shown. */
function asSeen(server: Server, { principal }: Applying): Server {
  return { ...server, items: server.items.filter((item) => principal.visibilityClass.sees(item)) }
}

function drift(server: Server, wanted: DeclaredServer, choice: Choice): readonly Change[] {
  const { enabled } = wanted
  return [
    ...differences(fieldsOf(server), fieldsOf({ ...bodyOf(wanted), tags: tagsOf(wanted.tags ?? []), teamId: null })),
    ...ALL.flatMap((kind) => selectionDrift(kind, server, choice)),
    ...(enabled === undefined || enabled === server.enabled
      ? []
      : [{ field: 'enabled', from: server.enabled, to: enabled }]),
  ]
}

function selectionDrift(kind: ItemKind, server: Server, choice: Choice): readonly Change[] {
  const after = choice.items.filter((item) => item.kind === kind)
  // A resource is declared by its URI, which the selection itself does not hold.
  const names = new Map(after.map(({ id, name }) => [id, name]))
  const before = server.items
    .filter((item) => item.kind === kind)
    .map(({ id, ownName, name: as, description }) => ({ id, name: names.get(id) ?? ownName, as, description }))
  const field = KINDS[kind]
  const compared = ({ id, as, description }: (typeof before)[number]): unknown => [id, as, description]
  if (JSON.stringify(before.map(compared)) === JSON.stringify(after.map(compared))) return []
  return [{ field, from: before.map(said), to: after.map(said) }]
}

function said(item: {
  readonly name: string
  readonly as: string | null
  readonly description: string | null
}): unknown {
  const { name, as, description } = item
  if (as === null && description === null) return name
  return { name, ...(as !== null && { as }), ...(description !== null && { description }) }
}

function fieldsOf(of: ServerDeclaration): Readonly<Record<string, unknown>> {
  const { name, description, icon, tags, visibility } = of
  return { name, description, icon, tags, visibility }
}

function bodyOf({ name, description = null, icon = null, tags = [], visibility = 'public' }: DeclaredServer) {
  return { name, description, icon, tags, visibility } satisfies ServerUpdate
}

/** The selection as REST takes it: every item says all of itself, so that nothing of an older one stays. */
function selectionBody({ items }: Choice): ServerUpdate {
  const of = (kind: ItemKind) => items.filter((item) => item.kind === kind)
  const ids = (kind: ItemKind): string[] => of(kind).map(({ id }) => id)
  const overrides = (kind: ItemKind) =>
    Object.fromEntries(of(kind).map(({ id, as: name, description }) => [id, { name, description }]))
  return {
    associatedTools: ids('tool'),
    associatedPrompts: ids('prompt'),
    associatedResources: ids('resource'),
    associatedToolOverrides: overrides('tool'),
    associatedPromptOverrides: overrides('prompt'),
    associatedResourceOverrides: overrides('resource'),
  }
}

async function nowChosen(plan: ServerPlan): Promise<Choice> {
  const choice = chosen(plan.wanted, await plan.items())
  if (choice.missing.length > 0) refuseUnknown(plan.wanted, choice, await plan.awaited())
  return choice
}

async function create(deps: ServerDeps, applying: Applying, plan: ServerPlan): Promise<Ran> {
  const { principal, request } = applying
  const choice = await nowChosen(plan)
  const grant = allowAny(principal, 'servers.create')
  const body = { ...bodyOf(plan.wanted), ...selectionBody(choice) }
  const { id } = await makeServer(deps, { body, grant, idempotency: null, request })
  if (plan.wanted.enabled === false) await setEnabled(deps, applying, { id, enabled: false })
  return { id, note: noteOn(choice) }
}

async function update(
  deps: ServerDeps,
  applying: Applying,
  { server, plan }: { readonly server: Server; readonly plan: ServerPlan },
): Promise<Ran> {
  const { principal, request } = applying
  const { id } = server
  const choice = await nowChosen(plan)
  const fields = drift(server, plan.wanted, choice).map(({ field }) => field)
  const body = { ...bodyOf(plan.wanted), ...selectionBody(choice) }
  if (fields.some((field) => field !== 'enabled'))
    await changeServer(deps, id, { body, ifMatch: null, principal, request })
  if (fields.includes('enabled')) await setEnabled(deps, applying, { id, enabled: plan.wanted.enabled === true })
  return { id, note: noteOn(choice) }
}

async function setEnabled(
  deps: ServerDeps,
  { principal, request }: Applying,
  { id, enabled }: { readonly id: ServerId; readonly enabled: boolean },
): Promise<void> {
  const changed = await deps.store.setEnabled(id, enabled, { ifMatch: null, actor: actorOf(principal, request) })
  await settled(deps, id, { changed, principal })
}

/** Takes out a virtual server that is no longer declared. */
export function serverRemoval(deps: ServerDeps, { principal, request }: Applying, { id, name }: Existing): Step {
  const may = (): Promise<Server> => serverFor(deps, id as ServerId, [principal, 'servers.delete'])
  const run = async (): Promise<Ran> => {
    await may()
    const changed = await deps.store.remove(id as ServerId, { ifMatch: null, actor: actorOf(principal, request) })
    await deps.settled(changed?.seq ?? null)
    return { id, note: null }
  }
  const outcome = async (): Promise<Otherwise> => serverGone((await may()).id)
  return { action: 'remove', kind: 'server', name, id, changes: [], note: null, outcome, unknown: null, run }
}

/** A name that no gateway can still bring is a mistake. */
function refuseUnknown({ name: server }: DeclaredServer, { missing }: Choice, awaited: readonly string[]): void {
  const unknown = missing.find(
    ({ kind, name }) =>
      awaited.length === 0 || (kind !== 'resource' && !awaited.some((slug) => name.startsWith(`${slug}-`))),
  )
  if (unknown === undefined) return
  throw new GatewayError(
    'invalid_field',
    `the virtual server ${server} selects the ${unknown.kind} ${JSON.stringify(unknown.name)}, which nobody offers: causeway tools and causeway show GATEWAY list what there is`,
    { field: `servers.${server}.${KINDS[unknown.kind]}` },
  )
}

function noteOn({ missing }: Choice): string | null {
  if (missing.length === 0) return null
  return `waits for ${missing.map(({ name }) => name).join(', ')}: not offered yet`
}

function shown(wanted: DeclaredServer): readonly Change[] {
  return Object.entries(wanted)
    .filter(([name, value]) => name !== 'name' && value !== null)
    .map(([field, to]) => ({ field, from: null, to }))
}
