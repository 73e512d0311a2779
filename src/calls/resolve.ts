import { allow, type Grant } from '#/access/allow.ts'
import type { ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import { isOpen, isReachable } from '#/catalog/lookup.ts'
import type { CatalogGateway, CatalogPrompt, CatalogResource, CatalogTool, ParamHeader } from '#/catalog/model.ts'
import type { Found, Snapshot } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { OPEN_OBJECT, QUOTE } from '#/lib/json-bytes.ts'
import { readObject, writeObject, type ObjectText } from '#/lib/json-object.ts'
import { decodeString } from '#/lib/json-string.ts'
import { paramOf, rawOf } from '#/mcp/frame-values.ts'
import { checkParamHeaders } from '#/mcp/param-values.ts'
import { eraOf } from '#/mcp/revision.ts'
import type { Call } from './call.ts'
import { CALL_PERMISSIONS } from './still.ts'

/** Where a call goes: what was asked for, who serves it, and the proof that the caller may. */
export interface Destination {
  readonly kind: 'tool' | 'prompt' | 'resource'
  readonly item: CatalogTool | CatalogPrompt | CatalogResource
  readonly gateway: CatalogGateway
  readonly serverId: ServerId | null
  /** What the upstream calls it; undefined where the client's own words stay (URIs). */
  readonly upstreamName: string | undefined
  /** Other members of params to replace, by key. */
  readonly replace: Readonly<Record<string, Buffer>> | undefined
  readonly paramHeaders: readonly ParamHeader[] | null
  readonly idempotent: boolean
  readonly grant: Grant<Permission, CatalogTool | CatalogPrompt | CatalogResource>
}

type Resolver = (call: Call, snapshot: Snapshot) => Destination

/** One row per method that is relayed to an upstream. */
const RESOLVERS: Readonly<Record<string, Resolver>> = {
  'tools/call': toTool,
  'prompts/get': (call, snapshot) => toPrompt(call, { snapshot, name: needed(call.frame.name, 'params.name') }),
  'resources/read': (call, snapshot) => toResource(call, { snapshot, uri: needed(call.frame.uri, 'params.uri') }),
  'completion/complete': toCompletion,
}

/** Looks the name up in the snapshot. What is invisible fails like what does not exist. */
export function resolve(call: Call, snapshot: Snapshot): Destination {
  const resolver = RESOLVERS[call.frame.method]
  if (resolver === undefined)
    throw new GatewayError('method_not_found', `the method ${call.frame.method} does not exist`)
  return resolver(call, snapshot)
}

function toTool(call: Call, snapshot: Snapshot): Destination {
  const name = needed(call.frame.name, 'params.name')
  const { itemId, scope, principal } = call
  const found =
    itemId === undefined ? snapshot.findTool(scope, name, principal) : openById(call, snapshot, snapshot.tool(itemId))
  if (found === undefined) throw absent('tool', name)
  const grant = allow(call.principal, CALL_PERMISSIONS.tool, found.item)
  const { paramHeaders } = found.item
  if (paramHeaders !== null && eraOf(call.revision) === 'modern')
    checkParamHeaders(call.headers, call.frame, paramHeaders)
  return {
    ...common(found),
    kind: 'tool',
    upstreamName: found.item.originalName,
    replace: undefined,
    paramHeaders,
    idempotent: false,
    grant,
  }
}

function toPrompt(call: Call, wanted: { snapshot: Snapshot; name: string }): Destination {
  const { itemId, scope, principal } = call
  const found =
    itemId === undefined
      ? wanted.snapshot.findPrompt(scope, wanted.name, principal)
      : openById(call, wanted.snapshot, wanted.snapshot.prompt(itemId))
  if (found === undefined) throw absent('prompt', wanted.name)
  return {
    ...common(found),
    kind: 'prompt',
    upstreamName: found.item.originalName,
    replace: undefined,
    paramHeaders: null,
    idempotent: true,
    grant: allow(call.principal, CALL_PERMISSIONS.prompt, found.item),
  }
}

function toResource(call: Call, wanted: { snapshot: Snapshot; uri: string }): Destination {
  const { itemId, scope, principal } = call
  const found =
    itemId === undefined
      ? wanted.snapshot.findResource(scope, wanted.uri, principal)
      : openById(call, wanted.snapshot, wanted.snapshot.resource(itemId))
  if (found === undefined) throw absent('resource', wanted.uri)
  return {
    ...common(found),
    kind: 'resource',
    upstreamName: undefined,
    replace: undefined,
    paramHeaders: null,
    idempotent: true,
    grant: allow(call.principal, CALL_PERMISSIONS.resource, found.item),
  }
}

/** The very thing whose id was said: of its gateway, and switched on and seen like what is found by a name. */
function openById<Item extends CatalogTool | CatalogPrompt | CatalogResource>(
  { scope, principal: who }: Call,
  snapshot: Snapshot,
  item: Item | undefined,
): Found<Item> | undefined {
  const gateway = item && snapshot.gateway(item.gatewayId)
  if (item === undefined || gateway === undefined || scope.kind !== 'gateway' || scope.id !== gateway.id)
    return undefined
  const isFound = isReachable(scope, who) && isOpen(gateway, who) && isOpen(item, who)
  return isFound ? { item, gateway, server: undefined } : undefined
}

/** A completion follows its reference: to the gateway of the prompt, under its own name there, or of the resource template. */
function toCompletion(call: Call, snapshot: Snapshot): Destination {
  const ref = rawOf(call.frame, paramOf(call.frame, 'ref'))
  // Read once, by our own rules: keys that two parsers could read differently are refused.
  const object = ref?.[0] === OPEN_OBJECT ? readObject(ref) : undefined
  const type = object && textIn(object, 'type')
  if (object !== undefined && type === 'ref/resource')
    return toResource(call, { snapshot, uri: needed(textIn(object, 'uri'), 'params.ref.uri') })
  if (object === undefined || type !== 'ref/prompt') {
    throw new GatewayError('invalid_field', 'params.ref.type must be ref/prompt or ref/resource', {
      field: 'params.ref',
    })
  }
  const destination = toPrompt(call, { snapshot, name: needed(textIn(object, 'name'), 'params.ref.name') })
  const name = Buffer.from(JSON.stringify(destination.upstreamName))
  return { ...destination, upstreamName: undefined, replace: { ref: writeObject(object, new Map([['name', name]])) } }
}

/** A member as text, where it is a string. */
function textIn({ bytes, members }: ObjectText, key: string): string | undefined {
  const member = members.find((each) => each.key === key)
  return member && bytes[member.at] === QUOTE ? decodeString(bytes, member.at, member.end) : undefined
}

function common<Item extends CatalogTool | CatalogPrompt | CatalogResource>(found: Found<Item>) {
  return { item: found.item, gateway: found.gateway, serverId: found.server?.id ?? null }
}

function needed(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new GatewayError('invalid_field', `${field} is missing: it must be a non-empty string`, { field })
  }
  return value
}

function absent(kind: Destination['kind'], name: string): GatewayError {
  const message = `${kind} not found: ${name.slice(0, 200)}`
  if (kind === 'resource') return new GatewayError('not_found', message, { field: 'params.uri', data: { uri: name } })
  return new GatewayError('not_found', message, { field: 'params.name' })
}
