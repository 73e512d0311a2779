import type { Socket } from 'node:net'
import { faultOf } from './fault.ts'
import { CALLER_HEADER, type Launch } from './launch.ts'
import { Reply } from './reply.ts'
import { type HostRequest, RequestReader, WireFault } from './request-reader.ts'

/** What one request came to: given up when its connection breaks before its end. */
export interface Serving {
  giveUp(): void
}

export interface ConnectionEvents {
  /** A first line has come: what the requests after it are for. Throws where it cannot be used. */
  opened(launch: Launch): Serve
}

export type Serve = (request: HostRequest, reply: Reply) => Serving | undefined

const MAX_PREFACE = 4 << 20
const MAX_BODY = 64 << 20

/** One connection of a worker: a line that says what to launch, then HTTP, one request at a time. */
export function serveConnection(socket: Socket, events: ConnectionEvents): void {
  const reader = new RequestReader(CALLER_HEADER)
  let serve: Serve | undefined
  let reply: Reply | undefined
  let serving: Serving | undefined
  const over = (): void => {
    reply = undefined
    serving = undefined
  }
  const next = (): void => {
    if (serve === undefined) {
      const line = reader.preface(MAX_PREFACE)
      if (line === undefined) return
      serve = opened(events, line)
    }
    while (reply === undefined) {
      const request = reader.request(MAX_BODY)
      if (request === undefined) return
      const mine = (reply = new Reply(socket, over))
      const begun = serve(request, mine)
      // What is answered at once has nothing to give up.
      if (reply === mine) serving = begun
    }
  }
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk)
    try {
      next()
    } catch (cause) {
      if (!(cause instanceof WireFault)) throw cause
      socket.destroy()
    }
  })
  socket.on('error', () => {})
  // A worker that has gone half-way reads no answer either.
  socket.on('end', () => socket.destroy())
  socket.on('close', () => serving?.giveUp())
  socket.resume()
}

function opened(events: ConnectionEvents, line: Buffer): Serve {
  try {
    return events.opened(JSON.parse(line.toString()) as Launch)
  } catch (cause) {
    const fault = faultOf(cause)
    return (_request, reply) => {
      reply.fault(fault)
      return undefined
    }
  }
}
