import { ERROR_CODES } from '#/errors/codes.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { isObject } from '#/lib/is-object.ts'
import { SseReader } from '#/lib/sse.ts'
import { encodeHeaderValue } from '#/mcp/header-value.ts'
import { failure, type Api, type Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'
import { ownVersion } from './version.ts'

const REVISION = '2026-07-28'
const META = 'io.modelcontextprotocol'

export interface McpRequest {
  /** Of the endpoint, such as /mcp. */
  readonly path: string
  readonly method: string
  /** The tool's name, or whatever the method names. */
  readonly name: string
  /** The members of the params, as JSON text. */
  readonly params: string
  readonly headers?: Readonly<Record<string, string>>
  /** Log lines from this level on are told; unless it is given, none. */
  readonly logLevel?: string | undefined
  /** Whatever comes before the result. */
  readonly heard: (method: string, params: Json) => void
}

/**
 * One MCP request to the gateway; giving it up (the API's stop) cancels it at the server. The result has its numbers digit by digit.
 * Throws a CliError for an error in place of a result.
 */
export async function mcpRequest(api: Api, request: McpRequest): Promise<Json> {
  const { path, method, name, headers } = request
  const answer = await api.send('POST', path, {
    body: bodyOf(request),
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      'mcp-name': encodeHeaderValue(name),
      ...headers,
    },
  })
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  const last = isStream ? await lastOf(answer, request) : await whole(answer, api)
  if (isObject(last['error'])) throw refusal(last['error'])
  if (!isObject(last['result'])) throw new CliError(`${api.url} answered without a result: is it a Causeway gateway?`)
  return last['result']
}

function bodyOf({ method, params, logLevel }: McpRequest): string {
  const meta = {
    [`${META}/protocolVersion`]: REVISION,
    [`${META}/clientCapabilities`]: {},
    [`${META}/clientInfo`]: { name: 'causeway-cli', version: ownVersion() },
    ...(logLevel !== undefined && { [`${META}/logLevel`]: logLevel }),
    progressToken: 1,
  }
  const inner = `${params},"_meta":${JSON.stringify(meta)}`
  return `{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":{${inner}}}`
}

async function whole(answer: Response, api: Api): Promise<Json> {
  const text = await answer.text()
  const message = messageOf(text)
  if (message !== null && 'jsonrpc' in message) return message
  throw failure(answer, text, api.url)
}

/** Reads the stream to its end: the last message is the answer. */
async function lastOf(answer: Response, { heard }: McpRequest): Promise<Json> {
  let last: Json | null = null
  let data: Buffer[] = []
  const reader = new SseReader({
    data: (chunk) => data.push(Buffer.from(chunk)),
    endEvent: () => {
      const message = messageOf(Buffer.concat(data).toString())
      data = []
      if (message === null) return
      if (typeof message['method'] === 'string') heard(message['method'], asJson(message['params']))
      else last = message
    },
    invalid: (why) => {
      throw new CliError(`the answer is not an event stream: ${why}`)
    },
  })
  const body: AsyncIterable<Uint8Array> = answer.body ?? ReadableStream.from([])
  for await (const chunk of body) reader.push(Buffer.from(chunk))
  if (last === null) throw new CliError('the connection ended before there was a result: it may have run')
  return last
}

const asJson = (value: unknown): Json => (isObject(value) ? value : {})

function messageOf(text: string): Json | null {
  try {
    const value = exactJson(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The numbers that MCP leaves to us say what failed, the others only that it did. */
function refusal({ code: rpcCode, message }: Json): CliError {
  const ours = Object.entries(ERROR_CODES).find(([, { rpc }]) => rpc === rpcCode && rpc >= -32_019 && rpc <= -32_000)
  return new CliError(plainText(message), { code: ours?.[0] ?? 'call_failed', details: { rpcCode } })
}
