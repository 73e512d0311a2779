import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { runBridge } from '../../src/bridge/bridge.ts'
import { readBody } from '../support/http-body.ts'
import { listen } from '../support/listen.ts'

export interface Asked {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Parsed body; empty for GET and DELETE. */
  readonly message: { readonly id?: unknown; readonly method?: string }
}

/** Answers a request, or leaves it unanswered. */
export type Answer = (asked: Asked, response: ServerResponse) => void | Promise<void>

/** A bridge in this process between two streams and a server that answers as it is told. */
export interface Bridged extends AsyncDisposable {
  readonly asked: Asked[]
  readonly origin: string
  write(...lines: readonly string[]): void
  /** The next line that the client sees. */
  line(): Promise<string>
  /** What else the client has seen. */
  rest(): readonly string[]
  /** Whether the client reads what it is told. */
  reads(on: boolean): void
  /** Ends the input; resolves once the bridge has ended. */
  end(): Promise<void>
  stop(): void
}

export interface BridgedOptions {
  readonly patienceMs?: number
  readonly drainMs?: number
  readonly origin?: string
}

export async function bridged(answer: Answer, options: BridgedOptions = {}): Promise<Bridged> {
  const asked: Asked[] = []
  const server = await listen((request, response) => void take(request, response))
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request)).toString()
    const headers = request.headers as Record<string, string>
    const message = (body === '' ? {} : JSON.parse(body)) as Asked['message']
    const one = { method: request.method ?? '', headers, body, message }
    asked.push(one)
    await answer(one, response)
  }
  const input = new PassThrough()
  const output = new PassThrough()
  const lines = readLines(output)
  const stop = new AbortController()
  const origin = options.origin ?? server.origin
  const running = runBridge({
    origin,
    endpoint: () => Promise.resolve(`${origin}/mcp`),
    token: () => Promise.resolve('secret'),
    userAgent: 'test',
    note: () => {},
    patienceMs: options.patienceMs ?? 2000,
    drainMs: options.drainMs ?? 2000,
    input,
    output,
    stop: stop.signal,
  })
  const end = async (): Promise<void> => {
    input.end()
    await running
  }
  return {
    asked,
    origin,
    write: (...written) => void input.write(written.map((line) => `${line}\n`).join('')),
    line: lines.next,
    rest: lines.rest,
    reads: (on) => void (on ? output.resume() : output.pause()),
    end,
    stop: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await server[Symbol.asyncDispose]()
    },
  }
}

function readLines(output: PassThrough) {
  let text = ''
  output.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return {
    async next(): Promise<string> {
      for (const until = performance.now() + 10_000; performance.now() < until; await sleep(5)) {
        const at = text.indexOf('\n')
        if (at === -1) continue
        const line = text.slice(0, at)
        text = text.slice(at + 1)
        return line
      }
      throw new Error(`no line came; there is: ${text.slice(0, 500)}`)
    },
    rest: (): readonly string[] => text.split('\n').filter((line) => line !== ''),
  }
}

export const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
export const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'

interface Head {
  readonly status?: number
  readonly [header: string]: string | number | undefined
}

export function json(response: ServerResponse, body: string, { status = 200, ...head }: Head = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(head as Record<string, string>) }).end(body)
}

/** Answers `initialize` with a session of this id and says true; everything else is for the caller. */
export function opens({ message, headers, method }: Asked, response: ServerResponse, id: string): boolean {
  if (method !== 'POST') {
    response.writeHead(405).end()
    return true
  }
  if (message.method === 'initialize' && headers['mcp-session-id'] === undefined) {
    const result = '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}'
    json(response, `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`, { 'mcp-session-id': id })
    return true
  }
  if (message.id !== undefined) return false
  response.writeHead(202).end()
  return true
}
