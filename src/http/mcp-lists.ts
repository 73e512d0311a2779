import type { Sealer } from '#/access/sealing.ts'
import type { Catalog, ListKind } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { paramOf, textOf } from '#/mcp/frame-values.ts'
import type { Method } from '#/mcp/methods.ts'
import { listResult } from '#/mcp/results.ts'
import type { Exchange } from './exchange.ts'
import { scopeKey } from './session.ts'

const KINDS: Partial<Record<Method, ListKind>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
}

export interface ListParts {
  readonly catalog: Catalog
  readonly sealer: Sealer
  readonly serverInfo: Buffer
}

/** One page of a list as a whole JSON-RPC answer, in pieces: the items are shared bytes and are not copied. */
export async function answerList(
  exchange: Exchange,
  { catalog, sealer, serverInfo }: ListParts,
): Promise<readonly Buffer[]> {
  const { principal, scope, era, id, frame } = exchange
  const kind = KINDS[frame.method as Method]
  if (kind === undefined) throw new GatewayError('method_not_found', `the method ${frame.method} is not offered here`)
  const purpose = `cursor:${kind}:${scopeKey(scope)}:${principal.key}`
  const from = openCursor(exchange, purpose, sealer)
  const page = await catalog.list({ kind, scope, who: principal, era, from })
  const nextCursor = page.next === null ? undefined : sealer.seal(purpose, page.next)
  return listResult(id, { era, key: kind, items: page.items, nextCursor, serverInfo })
}

/** A cursor opens only for the list, the endpoint and the principal that it was made for. */
function openCursor({ frame }: Exchange, purpose: string, sealer: Sealer): string | null {
  const member = paramOf(frame, 'cursor')
  if (member === undefined) return null
  const cursor = textOf(frame, member)
  const plain = cursor === undefined ? null : sealer.tryOpen(purpose, cursor)
  if (plain !== null) return plain.toString()
  throw new GatewayError('invalid_field', 'params.cursor is not a cursor of this list; begin again without one', {
    field: 'params.cursor',
  })
}
