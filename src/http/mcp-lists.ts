import type { Permission } from '#/access/permissions.ts'
import { allowAny } from '#/access/allow.ts'
import type { Sealer } from '#/access/sealing.ts'
import type { Catalog, ListKind } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { paramValue } from '#/mcp/member.ts'
import { listResult } from '#/mcp/results.ts'
import type { Exchange } from './exchange.ts'
import { scopeKey } from './session.ts'

interface ListMethod {
  readonly kind: ListKind
  readonly permission: Permission
}

/** The methods that are answered from the catalog's ready bytes. */
export const LIST_METHODS: Readonly<Record<string, ListMethod>> = {
  'tools/list': { kind: 'tools', permission: 'tools.read' },
  'prompts/list': { kind: 'prompts', permission: 'prompts.read' },
  'resources/list': { kind: 'resources', permission: 'resources.read' },
  'resources/templates/list': { kind: 'resourceTemplates', permission: 'resources.read' },
}

/** One page of a list as a whole JSON-RPC answer, in pieces: the items are shared bytes and are not copied. */
export async function answerList(
  exchange: Exchange,
  { kind, permission }: ListMethod,
  parts: { catalog: Catalog; sealer: Sealer },
) {
  const { principal, scope, era, id } = exchange
  allowAny(principal, permission)
  const purpose = `cursor:${kind}:${scopeKey(scope)}:${principal.key}`
  const from = openCursor(exchange, purpose, parts.sealer)
  const page = await parts.catalog.list({ kind, scope, who: principal, era, from })
  const nextCursor = page.next === null ? null : parts.sealer.seal(purpose, page.next)
  return listResult({ kind, era, id, items: page.items, nextCursor })
}

function openCursor({ frame }: Exchange, purpose: string, sealer: Sealer): string | null {
  const cursor = paramValue(frame, 'cursor')
  if (cursor === undefined) return null
  const plain = typeof cursor === 'string' ? sealer.tryOpen(purpose, cursor) : null
  if (plain !== null) return plain.toString()
  throw new GatewayError('invalid_field', 'params.cursor is not a cursor of this list; begin again without one', {
    field: 'params.cursor',
  })
}
