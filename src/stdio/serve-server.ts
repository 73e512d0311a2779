import type { Frame } from '#/mcp/frame.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import type { HostRequest, Serve, Serving } from './connection.ts'
import { type Fault, faultOf } from './fault.ts'
import type { Answer, Identity } from './handshake.ts'
import { ackOf, announcement } from './list-changes.ts'
import { readLogs } from './read-logs.ts'
import type { Reply } from './reply.ts'
import type { StdioServer } from './server.ts'
import { type Asker, type Session, tokenOf } from './session.ts'

/** What a request may need a process of its own for, where each call has one. */
const EXECUTING: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete'])

const DONE: Fault = { code: 'upstream_unreachable', message: 'the call is over' }
let calls = 0

/** Answers the requests of one connection as the gateway's server would over streamable HTTP: each by the one that is it now. */
export function serveServer(now: () => StdioServer): Serve {
  return (request, reply) => {
    const server = now()
    if (request.method === 'POST') return post(server, request, reply)
    if (request.method === 'DELETE') return atOnce(() => reply.accepted())
    if (request.target.startsWith('/logs')) return readLogs(server.log, request.target, reply)
    return follow(server, reply, null)
  }
}

function post(server: StdioServer, request: HostRequest, reply: Reply): Serving | undefined {
  const read = readFrame(request.body)
  if (!read.ok) return atOnce(() => reply.fault({ code: 'upstream_invalid', message: read.detail }))
  const { frame } = read
  // What has no answer is between us and the process: it opened its session itself, and a broken connection cancels.
  if (frame.id === undefined || frame.kind === 'response') return atOnce(() => reply.accepted())
  const id = frame.bytes.subarray(frame.id.start, frame.id.end)
  const asked = { server, frame, id, reply, caller: request.caller }
  switch (frame.method) {
    case 'initialize':
    case 'server/discover':
      return void introduce(asked)
    case 'ping':
      return ping(asked)
    case 'subscriptions/listen':
      return follow(server, reply, id)
    default:
      return new Forwarding(asked)
  }
}

/** Nothing is left to give up. */
function atOnce(answer: () => void): undefined {
  answer()
}

interface Asked {
  readonly server: StdioServer
  readonly frame: Frame
  /** Raw JSON, as the worker wrote it. */
  readonly id: Buffer
  readonly reply: Reply
  readonly caller: string
}

function sharedKey({ server, caller }: Asked): string {
  return server.launch.sharing === 'per_principal' ? caller : ''
}

/** What the server said at its start, to whoever asks again. */
async function introduce(asked: Asked): Promise<void> {
  const { server, frame, id, reply } = asked
  try {
    const { identity } = await server.open(sharedKey(asked), { anew: true })
    const fits = (identity.era === 'modern') === (frame.method === 'server/discover')
    if (fits) reply.answer(identity.answer, id)
    else reply.json(unknownMethod(id, identity))
  } catch (cause) {
    reply.fault(withLastWords(faultOf(cause), server))
  }
}

function unknownMethod(id: Buffer, { revision }: Identity): string {
  return `{"jsonrpc":"2.0","id":${id.toString()},"error":{"code":-32601,"message":"Method not found: the server speaks ${revision}"}}`
}

const LAST_WORDS = 5

/** Only at introductions, which are asked for by those who look after gateways: what a server writes may be a secret. */
function withLastWords(fault: Fault, { log }: StdioServer): Fault {
  if (fault.code === 'invalid_field') return fault
  const lines = log.tail(50)
  const { pid } = lines.at(-1) ?? { pid: null }
  const said = lines.filter((line) => line.stream !== 'host' && line.pid === pid).map(({ text }) => text.trim())
  if (said.length === 0) return fault
  return { ...fault, message: `${fault.message}; it wrote: ${said.slice(-LAST_WORDS).join(' | ').slice(0, 1000)}` }
}

/** A server that sleeps is well: it is started when it is needed. */
function ping(asked: Asked): Serving | undefined {
  const { server, id, reply } = asked
  const { failing } = server
  if (failing !== undefined) reply.fault(withLastWords(failing, server))
  else reply.json(`{"jsonrpc":"2.0","id":${id.toString()},"result":{}}`)
  return undefined
}

/** A stream of what changes in the server's lists. Neither starts a process nor keeps one. */
function follow(server: StdioServer, reply: Reply, subscription: Buffer | null): Serving {
  reply.stream()
  if (subscription !== null) reply.event(ackOf(subscription))
  const listening = server.listen((method) => reply.event(announcement(method, subscription)))
  return { giveUp: () => listening[Symbol.dispose]() }
}

/** One request on its way through a process and back. */
class Forwarding implements Asker, Serving {
  readonly token: Buffer | undefined
  readonly #asked: Asked
  readonly #key: string
  #session: Session | undefined
  #hostId = 0
  #over = false

  constructor(asked: Asked) {
    this.#asked = asked
    const { frame, server } = asked
    const token = tokenOf(frame)
    this.token = token && frame.bytes.subarray(token.start, token.end)
    const own = server.launch.sharing === 'per_call' && EXECUTING.has(frame.method)
    this.#key = own ? `call ${++calls}` : sharedKey(asked)
    const session = server.ready(this.#key)
    if (session === undefined) void this.#open()
    else this.#send(session)
  }

  answer(answer: Answer): void {
    if (this.#over) return
    this.#asked.reply.answer(answer, this.#asked.id)
    this.#finish()
  }

  event(message: Buffer): void {
    if (!this.#over) this.#asked.reply.event(message)
  }

  fault(fault: Fault): void {
    if (this.#over) return
    this.#asked.reply.fault(fault)
    this.#finish()
  }

  giveUp(): void {
    if (this.#over) return
    this.#session?.cancel(this.#hostId)
    this.#finish()
  }

  async #open(): Promise<void> {
    try {
      const { session } = await this.#asked.server.open(this.#key, { anew: false })
      if (!this.#over) this.#send(session)
      else this.#leave()
    } catch (cause) {
      this.fault(faultOf(cause))
    }
  }

  #send(session: Session): void {
    this.#session = session
    this.#hostId = session.send(this.#asked.frame, this)
  }

  #finish(): void {
    this.#over = true
    this.#leave()
  }

  /** A process that was one call's ends with it. */
  #leave(): void {
    if (this.#key.startsWith('call ')) void this.#asked.server.close(this.#key, DONE)
  }
}
