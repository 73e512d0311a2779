import type { Socket } from 'node:net'
import { FrameReader, FrameWriter, WireFault } from '#/lib/frames.ts'
import { Pending } from '#/lib/pending.ts'
import { faultOf } from './fault.ts'
import { KIND } from './kinds.ts'
import type { Launch } from './launch.ts'
import { Outlet } from './outlet.ts'
import { Reply } from './reply.ts'

/** One request of a worker, as HTTP would say it. */
export interface HostRequest {
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** Path and query. */
  readonly target: string
  readonly caller: string
  readonly body: Buffer
}

/** What one request came to: given up when nobody waits for it any more. */
export interface Serving {
  giveUp(): void
}

export interface ConnectionEvents {
  /** It has said what its requests are for. Throws where that cannot be used. */
  opened(launch: Launch): Serve
}

export type Serve = (request: HostRequest, reply: Reply) => Serving | undefined

interface Exchange {
  readonly outlet: Outlet
  serving: Serving | undefined
}

/** One connection of a worker: what to launch, then requests, of which any number run at a time. */
export function serveConnection(socket: Socket, events: ConnectionEvents): void {
  new Connection(socket, events).start()
}

class Connection {
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  readonly #frames: FrameWriter
  readonly #exchanges = new Pending<Exchange>()
  #serve: Serve | undefined

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    this.#frames = new FrameWriter(socket)
  }

  start(): void {
    const socket = this.#socket
    const reader = new FrameReader((kind, number, payload) => this.#take(kind, number, payload))
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch (cause) {
        if (!(cause instanceof WireFault)) throw cause
        socket.destroy()
      }
    })
    socket.on('error', () => {})
    // A worker that has gone half-way reads no answer either.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      for (const { serving } of this.#exchanges.clear()) serving?.giveUp()
    })
    socket.resume()
  }

  #take(kind: number, number: number, payload: Buffer): void {
    switch (kind) {
      case KIND.launch:
        this.#serve = opened(this.#events, payload)
        return
      case KIND.cancel:
        return this.#drop(number)
      case KIND.credit:
        return this.#exchanges.get(number)?.outlet.grant(payload.readUInt32LE(0))
      default:
        return this.#begin(number, requestIn(kind, payload))
    }
  }

  #begin(number: number, request: HostRequest): void {
    if (this.#serve === undefined) throw new WireFault('a request before its launch')
    const outlet = new Outlet(this.#frames, number, () => this.#exchanges.take(number))
    const exchange: Exchange = { outlet, serving: undefined }
    this.#exchanges.add(number, exchange)
    const serving = this.#serve(request, new Reply(outlet, () => this.#cut(number)))
    if (this.#exchanges.get(number) === exchange) exchange.serving = serving
    else serving?.giveUp()
  }

  #cut(number: number): void {
    this.#frames.send(KIND.cut, number)
    this.#drop(number)
  }

  #drop(number: number): void {
    this.#exchanges.take(number)?.serving?.giveUp()
  }
}

const NEWLINE = 0x0a
const NOTHING = Buffer.alloc(0)

function requestIn(kind: number, payload: Buffer): HostRequest {
  if (kind === KIND.post) {
    const end = payload.indexOf(NEWLINE)
    const caller = payload.toString('latin1', 0, Math.max(end, 0))
    return { method: 'POST', target: '', caller, body: payload.subarray(end + 1) }
  }
  if (kind === KIND.get) return { method: 'GET', target: payload.toString(), caller: '', body: NOTHING }
  if (kind === KIND.delete) return { method: 'DELETE', target: '', caller: '', body: NOTHING }
  throw new WireFault('a frame of no kind that we know')
}

function opened(events: ConnectionEvents, launch: Buffer): Serve {
  try {
    return events.opened(JSON.parse(launch.toString()) as Launch)
  } catch (cause) {
    const fault = faultOf(cause)
    return (_request, reply) => {
      reply.fault(fault)
      return undefined
    }
  }
}
