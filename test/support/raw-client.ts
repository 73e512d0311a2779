import { Agent, request } from 'node:http'

export type Era = 'legacy' | 'modern'

/** An HTTP answer to its last byte, or as far as it came. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** False where the connection was cut before the answer's end. */
  readonly whole: boolean
}

export interface RawRequest {
  readonly method: string
  /** Raw JSON of the id, quotes included. */
  readonly id?: string
  /** Members of params as raw JSON, without the braces; `_meta` comes after them. */
  readonly members?: string
  /** More members of `_meta` as raw JSON, without the braces. */
  readonly meta?: string
  /** What Mcp-Name says; modern only. */
  readonly name?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A client that sends exactly the bytes it is told to and keeps exactly those it gets. */
export interface RawClient extends Disposable {
  readonly era: Era
  /** The bytes of a request as this client's era writes them. */
  write(request: RawRequest): Buffer
  call(request: RawRequest): Promise<RawAnswer>
  /** Sends any bytes under the headers that the request would have. */
  send(body: Buffer, request: RawRequest): Promise<RawAnswer>
}

const VERSION: Readonly<Record<Era, string>> = { legacy: '2025-11-25', modern: '2026-07-28' }
const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},' +
  '"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1.0.0"}'

const join = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part).join(',')

function write(era: Era, { method, id = '1', members, meta }: RawRequest): Buffer {
  const metaMembers = join(era === 'modern' ? ENVELOPE : undefined, meta)
  const params = join(members, metaMembers === '' ? undefined : `"_meta":{${metaMembers}}`)
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":{${params}}}`)
}

interface Post {
  readonly url: string
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function post({ url, agent, headers, body }: Post): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, 'content-length': String(body.length) }
    const onward = request(url, { agent, method: 'POST', headers: all }, (answer) => {
      const chunks: Buffer[] = []
      const done = (whole: boolean) =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks), whole })
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => done(true))
      answer.on('error', () => done(false))
    })
    onward.on('error', reject)
    onward.end(body)
  })
}

export interface RawClientOptions {
  readonly url: string
  readonly era: Era
  readonly token?: string
}

/** Opens a session first where the era has them. */
export async function openRawClient({ url, era, token }: RawClientOptions): Promise<RawClient> {
  const agent = new Agent({ keepAlive: true })
  let session: string | undefined

  const headers = ({ method, name, headers: more }: RawRequest): Record<string, string> => ({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': VERSION[era],
    ...(era === 'modern' && { 'mcp-method': method }),
    ...(era === 'modern' && name !== undefined && { 'mcp-name': name }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(session !== undefined && { 'mcp-session-id': session }),
    ...more,
  })
  const send = (body: Buffer, about: RawRequest) => post({ url, agent, headers: headers(about), body })

  if (era === 'legacy') {
    const opening = '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1.0.0"}'
    const about = { method: 'initialize', members: opening }
    const answer = await send(write(era, about), about)
    if (answer.status !== 200) throw new Error(`initialize at ${url}: ${answer.status} ${answer.body.toString()}`)
    session = answer.headers['mcp-session-id'] as string | undefined
    await send(Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}'), {
      method: 'notifications/initialized',
    })
  }
  return {
    era,
    write: (about) => write(era, about),
    call: async (about) => await send(write(era, about), about),
    send,
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** The JSON-RPC messages of an answer, in order, as they came. Written apart from the gateway's own reader on purpose. */
export function messagesOf(answer: RawAnswer): Buffer[] {
  if (!String(answer.headers['content-type']).startsWith('text/event-stream')) return [answer.body]
  const events: Buffer[] = []
  let data: string[] = []
  for (const line of answer.body
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0 && data.join('\n') !== '') events.push(Buffer.from(data.join('\n'), 'latin1'))
      data = []
    } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
  }
  return events
}
