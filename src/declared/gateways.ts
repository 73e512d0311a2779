import { allowAny } from '#/access/allow.ts'
import { GatewayId } from '#/access/ids.ts'
import { actorOf } from '#/api/actor.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { changedFields } from '#/gateways/changed-fields.ts'
import { change, gatewayFor, redials, settled } from '#/gateways/change.ts'
import { redeclare } from '#/gateways/declaration.ts'
import { gatewayGone, gatewayThen, rehearseChange, rehearseNew } from '#/gateways/foreseeing.ts'
import type { GatewayDeps } from '#/gateways/gateway-deps.ts'
import { GatewayUpdate } from '#/gateways/gateway-input.ts'
import type { Declaration, Gateway } from '#/gateways/gateway.ts'
import { register } from '#/gateways/register.ts'
import { MASK } from '#/lib/mask.ts'
import { shownArguments } from '#/lib/shown-arguments.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { Check } from 'typebox/schema'
import type { DeclaredGateway } from './declared-input.ts'
import {
  differences,
  snake,
  takenOver,
  type Applying,
  type Change,
  type Existing,
  type Ran,
  type Step,
} from './step.ts'

/** What is to be done for a gateway to be as declared. What the declaration does not say has its default. */
export async function gatewayStep(
  deps: GatewayDeps,
  applying: Applying,
  { wanted, found }: { readonly wanted: DeclaredGateway; readonly found: Existing | undefined },
): Promise<Step> {
  const base = { kind: 'gateway', name: wanted.name, note: null } as const
  const { enabled, ...said } = wanted
  if (found === undefined) {
    const run = (): Promise<Ran> => create(deps, applying, wanted)
    const outcome = async (): Promise<Otherwise> => {
      await rehearseNew(deps, said, applying)
      return {}
    }
    const unknown = `the gateway ${wanted.name} is new: what it offers is known once it was asked`
    return { ...base, action: 'create', id: null, changes: shown(said), outcome, unknown, run }
  }
  const id = GatewayId.is(found.id) ? found.id : GatewayId.mint()
  const { principal, request } = applying
  const asked = { principal, permission: 'gateways.update' } as const
  const { gateway, grant } = await gatewayFor(deps, id, asked)
  const body = completed(said)
  const after = naming(wanted.name, () => redeclare(gateway, { id, body, sealer: deps.sealer })).declaration
  const fields = changedFields(gateway, after, { id, sealer: deps.sealer }).flatMap((name) =>
    changesOf(name, gateway, after),
  )
  const switched = enabled !== undefined && enabled !== gateway.enabled
  const state = switched ? [{ field: 'enabled', from: gateway.enabled, to: enabled }] : []
  const changes = [...takenOver(found, applying), ...fields, ...state]
  const run = async (): Promise<Ran> => {
    let now = gateway
    if (fields.length > 0) now = await update(deps, applying, { id, body })
    if (switched) now = await setEnabled(deps, applying, { id, enabled })
    return { id, note: noteOn(now) }
  }
  const outcome = async (): Promise<Otherwise> => {
    if (fields.length > 0) await rehearseChange(deps, grant, { body, ifMatch: null, request })
    return changes.length === 0 ? {} : gatewayThen(gateway, after, enabled)
  }
  const unknown = redials(gateway, after, body) ? `the gateway ${wanted.name} is asked anew what it offers` : null
  return { ...base, action: changes.length === 0 ? 'keep' : 'change', id, changes, outcome, unknown, run }
}

/** A refusal says which of the file's gateways it is about. */
function naming<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const at = `gateways.${name}`
    const field = error.field === undefined ? at : `${at}.${error.field}`
    throw new GatewayError(error.code, `${at}: ${error.message}`, { field, cause: error })
  }
}

async function create(deps: GatewayDeps, applying: Applying, { enabled, ...body }: DeclaredGateway): Promise<Ran> {
  const { principal, request } = applying
  const grant = allowAny(principal, 'gateways.create')
  const made = await register(deps, { body, grant, idempotency: null, request })
  const now = enabled === false ? await setEnabled(deps, applying, { id: made.id, enabled }) : made
  return { id: made.id, note: noteOn(now) }
}

async function update(
  deps: GatewayDeps,
  { principal, request }: Applying,
  { id, body }: { readonly id: GatewayId; readonly body: GatewayUpdate },
): Promise<Gateway> {
  const { grant } = await gatewayFor(deps, id, { principal, permission: 'gateways.update' })
  return await change(deps, grant, { body, ifMatch: null, renameTools: false, request })
}

async function setEnabled(
  deps: GatewayDeps,
  { principal, request }: Applying,
  { id, enabled }: { readonly id: GatewayId; readonly enabled: boolean },
): Promise<Gateway> {
  await gatewayFor(deps, id, { principal, permission: 'gateways.update' })
  const changed = await deps.store.setEnabled(id, { enabled, ifMatch: null }, actorOf(principal, request))
  return await settled(deps, id, changed)
}

/** Takes out a gateway that is no longer declared. */
export function gatewayRemoval(deps: GatewayDeps, { principal, request }: Applying, { id, name }: Existing): Step {
  const may = async (): Promise<GatewayId> => {
    if (!GatewayId.is(id)) throw new GatewayError('internal', 'no id of a gateway')
    return (await gatewayFor(deps, id, { principal, permission: 'gateways.delete' })).gateway.id
  }
  const run = async (): Promise<Ran> => {
    const changed = await deps.store.remove(await may(), null, actorOf(principal, request))
    await deps.settled(changed?.seq ?? null)
    return { id, note: null }
  }
  const outcome = async (): Promise<Otherwise> => gatewayGone(await may())
  return { action: 'remove', kind: 'gateway', name, id, changes: [], note: null, outcome, unknown: null, run }
}

function noteOn({ state }: Gateway): string | null {
  return state.status === 'pending'
    ? `does not answer yet (${state.lastError ?? 'not reached'}): it is tried again by itself`
    : null
}

/** Everything that the declaration leaves out, said as its default; what has none stays. */
export function completed(said: Readonly<Partial<DeclaredGateway>>): GatewayUpdate {
  const hasCredential = Object.keys(said).some((name) => name.startsWith('auth'))
  const absent = Object.entries(GatewayUpdate.properties).filter(
    ([name]) => !Object.hasOwn(said, name) && !name.startsWith('auth') && name !== 'oneTimeAuth',
  )
  // What is no command has no sharing.
  const sharing = said.sharing === undefined && (said.command ?? '') !== '' ? { sharing: 'shared' as const } : {}
  const defaults = absent.flatMap(([name, schema]) => {
    const fit = [null, 'public', [], {}].find(
      (value) => (value === 'public') === (name === 'visibility') && Check(schema, value),
    )
    return fit === undefined ? [] : [[name, fit]]
  })
  return { ...(hasCredential ? {} : { authType: 'none' }), ...Object.fromEntries(defaults), ...sharing, ...said }
}

/** Fields that may be shown. Whatever else there is, or comes to be, is masked. */
const OPEN: ReadonlySet<string> = new Set([
  'name',
  'url',
  'description',
  'transport',
  'tags',
  'passthroughHeaders',
  'authType',
  'authUsername',
  'authHeaderKey',
  'caCertificate',
  'clientCert',
  'httpVersion',
  'refreshIntervalSeconds',
  'timeoutMs',
  'visibility',
  'command',
  'args',
  'cwd',
  'sharing',
])

function shown(said: Readonly<Record<string, unknown>>): readonly Change[] {
  return Object.entries(said)
    .filter(([name, value]) => name !== 'name' && value !== null)
    .map(([name, value]) => ({ field: snake(name), from: null, to: seen(name, value) }))
}

function seen(name: string, value: unknown): unknown {
  if (value === null) return null
  if (!OPEN.has(name)) return MASK
  if (name === 'args') return shownArguments(value as readonly string[])
  return name === 'url' ? shownUrl(value as string) : value
}

function changesOf(name: string, before: Declaration, after: Declaration): readonly Change[] {
  if (name === 'stdio') return launchChanges(before.stdio, after.stdio)
  const side = (of: Declaration): unknown => {
    const value = (of as unknown as Readonly<Record<string, unknown>>)[name] ?? null
    return seen(name, value)
  }
  return [{ field: snake(name), from: side(before), to: side(after) }]
}

/** The sealed environment differs exactly where what it says does. */
function launchChanges(before: Declaration['stdio'], after: Declaration['stdio']): readonly Change[] {
  const { env: from, envNames: _names, ...was } = before ?? { env: null, envNames: [] }
  const { env: to, envNames: _others, ...is } = after ?? { env: null, envNames: [] }
  const masked = (env: string | null): string | null => (env === null ? null : MASK)
  const open = differences(was, is).map((each) => ({
    ...each,
    from: seen(each.field, each.from),
    to: seen(each.field, each.to),
  }))
  return [...open, ...(from === to ? [] : [{ field: 'env', from: masked(from), to: masked(to) }])]
}
