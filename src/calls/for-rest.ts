import type { Principal } from '#/access/principal.ts'
import type { GatewayId, ResourceId } from '#/access/ids.ts'
import type { CatalogResource } from '#/catalog/model.ts'
import type { Catalog } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { Canceller } from '#/lib/canceller.ts'
import { readObject } from '#/lib/json-object.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import type { Calls } from './call.ts'
import { collecting } from './collect.ts'

/** What a REST route knows of its own request. */
export interface RestRequest {
  readonly requestId: string
  readonly signal: AbortSignal
  readonly traceparent: string | undefined
}

/** The routes that reach a backend, on the same path as every other call: raw JSON of the arguments in, of the result out. */
export interface RestCalls {
  tool(who: Principal, id: string, asked: Arguments): Promise<Buffer>
  /** By id, or by the name that clients of the aggregate use. */
  prompt(who: Principal, idOrName: string, asked: PromptArguments): Promise<Buffer>
  resource(who: Principal, id: string, request: RestRequest): Promise<Buffer>
  /** By URI, which may be one of a template's; with the id of the resource or template that it belongs to. */
  resourceAt(who: Principal, uri: string, request: RestRequest): Promise<ReadResource>
}

export interface ReadResource {
  readonly id: ResourceId
  readonly result: Buffer
}

interface Reading {
  readonly who: Principal
  readonly uri: string
  readonly request: RestRequest
  /** As the client named it. */
  readonly asked: string
}

export interface Arguments {
  readonly argumentsJson: Buffer
  readonly request: RestRequest
}

/** null: none are given, and the text is wanted as it is. */
export interface PromptArguments {
  readonly argumentsJson: Buffer | null
  readonly request: RestRequest
}

export function restCalls(calls: Calls, catalog: Pick<Catalog, 'current'>): RestCalls {
  const read = async ({ id: itemId, gatewayId, enabled }: CatalogResource, { who, uri, request, asked }: Reading) =>
    await callWhole(calls, {
      who,
      gatewayId,
      itemId,
      method: 'resources/read',
      params: { uri: json(uri) },
      request,
      asked: { kind: 'Resource', id: asked, enabled },
    })
  return {
    async tool(who, id, { argumentsJson, request }) {
      const tool = catalog.current.tool(id)
      if (tool === undefined || !who.visibilityClass.sees(tool)) throw absent('Tool', id)
      const params = { name: json(tool.originalName), arguments: argumentsJson }
      return await callWhole(calls, {
        who,
        gatewayId: tool.gatewayId,
        itemId: tool.id,
        method: 'tools/call',
        params,
        request,
        asked: { kind: 'Tool', id, enabled: tool.enabled },
      })
    },
    async prompt(who, idOrName, { argumentsJson, request }) {
      const { current } = catalog
      const prompt = current.prompt(idOrName) ?? current.findPrompt({ kind: 'all' }, idOrName, who)?.item
      if (prompt === undefined || !who.visibilityClass.sees(prompt)) throw absent('Prompt', idOrName)
      const name = json(prompt.originalName)
      const params = argumentsJson === null ? { name } : { name, arguments: argumentsJson }
      return await callWhole(calls, {
        who,
        gatewayId: prompt.gatewayId,
        itemId: prompt.id,
        method: 'prompts/get',
        params,
        request,
        asked: { kind: 'Prompt', id: idOrName, enabled: prompt.enabled },
      })
    },
    async resource(who, id, request) {
      const resource = catalog.current.resource(id)
      if (resource === undefined || !who.visibilityClass.sees(resource)) throw absent('Resource', id)
      if (resource.isTemplate) {
        throw new GatewayError('invalid_field', 'this is a template: read one of its resources by URI over MCP', {
          field: 'id',
        })
      }
      return await read(resource, { who, uri: resource.uri, request, asked: id })
    },
    async resourceAt(who, uri, request) {
      const found = catalog.current.findResource({ kind: 'all' }, uri, who)
      if (found === undefined) throw absent('Resource', uri)
      return { id: found.item.id, result: await read(found.item, { who, uri, request, asked: uri }) }
    },
  }
}

interface WholeCall {
  readonly who: Principal
  readonly gatewayId: GatewayId
  readonly itemId: string
  readonly method: 'tools/call' | 'prompts/get' | 'resources/read'
  readonly params: Readonly<Record<string, Buffer>>
  readonly request: RestRequest
  /** What the client named: what is switched off is told by that, and not by its server's own name. */
  readonly asked: { readonly kind: string; readonly id: string; readonly enabled: boolean }
}

/** Larger answers belong on the MCP endpoints, which stream. */
const LIMIT = 32 << 20

async function callWhole(calls: Calls, whole: WholeCall): Promise<Buffer> {
  const read = readFrame(requestOf(whole))
  if (!read.ok) throw new GatewayError(read.code, read.detail)
  const { who, gatewayId, itemId, request } = whole
  const canceller = new Canceller()
  const left = (): void => canceller.abort(new GatewayError('client_gone', 'the client went away'))
  request.signal.addEventListener('abort', left, { once: true })
  const { sink, answer } = collecting(LIMIT)
  try {
    calls.invoke(
      {
        principal: who,
        scope: { kind: 'gateway', id: gatewayId },
        itemId,
        atEndpoint: false,
        frame: read.frame,
        revision: NEWEST_LEGACY,
        requestId: request.requestId,
        traceparent: request.traceparent,
        headers: {},
        logLevel: undefined,
        wantsEvents: false,
        canceller,
      },
      sink,
    )
    const { bytes, outcome } = await answer
    return resultOf(bytes, outcome.kind)
  } catch (cause) {
    // An answer that is too large is given up here, and must not go on coming from there.
    const error = GatewayError.from(cause)
    canceller.abort(error)
    throw error.code === 'not_found' ? gone(whole.asked) : inTheirWords(error, whole.method)
  } finally {
    request.signal.removeEventListener('abort', left)
  }
}

/** What a field of the call lies in where a client of REST says it: the arguments of a prompt are the whole body. */
const AROUND = { 'tools/call': 'params.', 'prompts/get': 'params.arguments.', 'resources/read': 'params.' } as const

function inTheirWords(error: GatewayError, method: WholeCall['method']): GatewayError {
  const { code, message, field: named } = error
  if (named?.startsWith(AROUND[method]) !== true) return error
  const field = named.slice(AROUND[method].length)
  return new GatewayError(code, message.replace(named, field), { field, cause: error })
}

/** Whoever may see a thing may know that it is switched off. */
function gone({ kind, id, enabled }: WholeCall['asked']): GatewayError {
  return enabled
    ? absent(kind, id)
    : new GatewayError('not_found', `${kind} ${id.slice(0, 200)} exists but is inactive`)
}

function absent(kind: string, id: string): GatewayError {
  return new GatewayError('not_found', `${kind} not found: ${id.slice(0, 200)}`)
}

function json(text: string): Buffer {
  return Buffer.from(JSON.stringify(text))
}

function requestOf({ method, params }: WholeCall): Buffer {
  const parts: Buffer[] = [Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{`)]
  for (const [key, value] of Object.entries(params)) {
    parts.push(Buffer.from(`${parts.length === 1 ? '' : ','}${JSON.stringify(key)}:`), value)
  }
  return Buffer.concat([...parts, Buffer.from('}}')])
}

/** The raw JSON of the result; a JSON-RPC error of the server becomes an error of ours that quotes it. */
function resultOf(bytes: Buffer, kind: 'result' | 'error'): Buffer {
  const { members } = readObject(bytes)
  const member = members.find(({ key }) => key === kind)
  const found = member && bytes.subarray(member.at, member.end)
  if (found === undefined) throw new GatewayError('upstream_invalid', 'the server answered without a result')
  if (kind === 'result') return found
  const error = JSON.parse(found.toString()) as { readonly code?: unknown; readonly message?: unknown }
  throw new GatewayError('upstream_error', `the server answered with an error: ${String(error.message)}`, {
    data: { upstream: error },
  })
}
