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
import { ALL, chosen, KINDS, namesSelected, picking, type Choice, type Pick } from './selected.ts'
import { differences, takenOver, type Applying, type Change, type Existing, type Ran, type Step } from './step.ts'

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
  const asked = [applying.principal, 'servers.update'] as const
  const server = found && asSeen(await serverFor(deps, found.id as ServerId, asked), applying)
  const choice = chosen(wanted, known, pickingFor(applying, server))
  const awaited = [...plan.coming, ...(choice.missing.length === 0 ? [] : await plan.awaited())]
  refuseUnknown(wanted, choice, awaited)
  const base = { kind: 'server', name: wanted.name, note: noteOn(choice) } as const
  const unknown = choice.missing.length === 0 ? null : `the virtual server ${wanted.name} ${noteOn(choice)}`
  if (found === undefined || server === undefined) {
    const run = (): Promise<Ran> => create(deps, applying, plan)
    const outcome = (): Promise<Otherwise> => made(deps, applying, { plan, choice })
    return { ...base, action: 'create', id: null, changes: shown(wanted), outcome, unknown, run }
  }
  const { id } = server
  const changes = [...takenOver(found, applying), ...drift(server, wanted, choice)]
  // What is still to come may be there when the gateways before this have been applied.
  const maybe = isComing(plan, choice)
  const run = (): Promise<Ran> => update(deps, applying, { server, plan })
  const isKept = changes.length === 0 && !maybe
  const outcome = async (): Promise<Otherwise> =>
    isKept ? {} : await changed(deps, applying, { server, wanted, choice })
  return { ...base, action: isKept ? 'keep' : 'change', id, changes, outcome, unknown, run }
}

/** Of several that bear a name, what it selects already. */
const pickingFor = (applying: Applying, server?: Server): Pick => {
  const ids = new Set<string>(server?.items.map(({ id }) => id))
  return picking(applying, (id) => ids.has(id))
}

/** Whether a gateway of this very set may bring what is missing, or what stands before another of its name. */
function isComing({ wanted, coming }: ServerPlan, { missing }: Choice): boolean {
  const names = Object.values(namesSelected([wanted])).flat()
  return coming.some((slug) => missing.length > 0 || names.some((name) => name.startsWith(`${slug}-`)))
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

async function nowChosen(plan: ServerPlan, pick: Pick): Promise<Choice> {
  const choice = chosen(plan.wanted, await plan.items(), pick)
  if (choice.missing.length > 0) refuseUnknown(plan.wanted, choice, await plan.awaited())
  return choice
}

async function create(deps: ServerDeps, applying: Applying, plan: ServerPlan): Promise<Ran> {
  const { principal, request } = applying
  const choice = await nowChosen(plan, pickingFor(applying))
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
  const choice = await nowChosen(plan, pickingFor(applying, server))
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
