import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDeadlines } from '../../src/lib/deadlines.ts'
import { frameOf } from '../../src/lib/frames.ts'
import type { Fault } from '../../src/stdio/fault.ts'
import { StdioHost, type HostOptions } from '../../src/stdio/host.ts'
import { KIND } from '../../src/stdio/kinds.ts'
import { CALLER_HEADER, FAULT_HEADER, type Launch } from '../../src/stdio/launch.ts'
import type { ResponseHeaders } from '../../src/upstream/http1-head.ts'
import { systemNames } from '../../src/upstream/resolve.ts'
import { StdioLanes } from '../../src/upstream/stdio-lanes.ts'

export const FIXTURE = join(import.meta.dirname, '../fixtures/stdio-server.ts')

/** A JSON-RPC message as far as tests look into it; also a line of a log. */
export interface Message {
  readonly id?: unknown
  readonly params?: { readonly progressToken?: unknown }
  readonly result?: { readonly content?: readonly { readonly text: string }[] }
  readonly stream?: string
  readonly text?: string
}

export interface HostAnswer {
  readonly status: number
  /** The JSON messages of the answer, in order. */
  readonly messages: readonly Message[]
  readonly fault: Fault | undefined
}

export interface TestHost extends AsyncDisposable {
  readonly host: StdioHost
  /** Where it listens. */
  readonly path: string
  readonly connections: () => number
  /** Process groups that are alive. */
  readonly groups: Set<number>
  launch(args: readonly string[], over?: Partial<Launch>): Launch
  ask(launch: Launch, message: object, options?: AskOptions): Promise<HostAnswer>
  /** The process, and so the group, that answers. */
  groupOf(launch: Launch, caller?: string): Promise<number>
  /** tools/call; the text of its answer, or the fault's message. */
  call(launch: Launch, tool: string, args?: object, options?: AskOptions): Promise<string>
  /** A connection that stays. */
  lanes(launch: Launch): OpenLanes
}

export interface OpenLanes extends Disposable {
  /** As that of the host. */
  call(tool: string, args?: object): Promise<string>
}

export interface AskOptions {
  readonly caller?: string
  readonly signal?: AbortSignal
  readonly method?: 'POST' | 'GET'
  readonly target?: string
}

let ids = 0

/** A host in this process, and a client for it as the workers have. */
export async function startHost(over: Partial<HostOptions> = {}): Promise<TestHost> {
  const folder = await mkdtemp(join(tmpdir(), 'cw-stdio-'))
  const path = join(folder, 's')
  const groups = new Set<number>()
  const host = new StdioHost({
    us: { clientInfo: Buffer.from('{"name":"test","version":"1"}'), capabilities: Buffer.from('{}') },
    inherited: { ...process.env, CAUSEWAY_TOKEN: 'not for servers' },
    limits: { memoryBytes: 2 ** 31, openFiles: 512 },
    maxProcesses: 20,
    idleMs: 60_000,
    group: (pid, alive) => void (alive ? groups.add(pid) : groups.delete(pid)),
    ...over,
  })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    host.accept(socket)
  }).listen(path)
  await once(server, 'listening')
  const ask: TestHost['ask'] = async (launch, message, options = {}) => {
    using lanes = lanesTo(path, launch, options.target)
    return await exchange(lanes, { message, ...options })
  }
  const call: TestHost['call'] = async (launch, name, args = {}, options = {}) =>
    saidIn(await ask(launch, calling(name, args), options))
  return {
    host,
    path,
    connections: () => sockets.size,
    groups,
    ask,
    call,
    lanes(launch) {
      const lanes = lanesTo(path, launch)
      return {
        call: async (name, args = {}) => saidIn(await exchange(lanes, { message: calling(name, args) })),
        [Symbol.dispose]: () => lanes[Symbol.dispose](),
      }
    },
    launch: (args, over) => ({
      gatewayId: `gateway-${++ids}`,
      version: 1,
      trial: false,
      command: process.execPath,
      args: [FIXTURE, ...args],
      env: {},
      cwd: null,
      sharing: 'shared',
      ...over,
    }),
    async groupOf(launch, caller) {
      const said = await call(launch, 'pid', {}, caller === undefined ? {} : { caller })
      return (JSON.parse(said) as { pid: number }).pid
    },
    async [Symbol.asyncDispose]() {
      await host.stop()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function textOf(message: Message | undefined): string | undefined {
  return message?.result?.content?.[0]?.text
}

function calling(name: string, args: object): object {
  return { jsonrpc: '2.0', id: `call ${++ids}`, method: 'tools/call', params: { name, arguments: args } }
}

function saidIn({ messages, fault }: HostAnswer): string {
  return fault?.message ?? textOf(messages.at(-1)) ?? JSON.stringify(messages)
}

function exchange(
  lanes: StdioLanes,
  { message, caller, signal, method = 'POST' }: AskOptions & { readonly message: object },
): Promise<HostAnswer> {
  const lane = lanes.take()
  const body = method === 'POST' ? Buffer.from(JSON.stringify(message)) : null
  const fields = `accept: */*\r\n${caller === undefined ? '' : `${CALLER_HEADER}: ${caller}\r\n`}`
  return new Promise((resolve, reject) => {
    let answer: { readonly status: number; readonly headers: ResponseHeaders } = { status: 0, headers: new Map() }
    const chunks: Buffer[] = []
    signal?.addEventListener('abort', () => {
      lane.cut()
      reject(signal.reason as Error)
    })
    lane.send(
      { method, fields, body },
      {
        onRequestStart: () => {},
        onResponseStart: (status, headers) => void (answer = { status, headers }),
        onResponseData: (chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve(answerOf({ ...answer, text: Buffer.concat(chunks).toString() })),
        onResponseError: reject,
      },
    )
  })
}

/** What the gateway's workers use, on a connection of its own. */
export function lanesTo(path: string, launch: Launch, target = '/mcp'): StdioLanes {
  const preface = frameOf(KIND.launch, 0, Buffer.from(JSON.stringify(launch)))
  return new StdioLanes(
    { path, preface, target },
    {
      names: systemNames({ timeoutMs: 1000 }),
      policy: { allowPrivate: true },
      deadlines: createDeadlines(),
      connectMs: 5000,
    },
  )
}

function answerOf({
  status,
  headers,
  text,
}: {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly text: string
}): HostAnswer {
  const header = headers.get(FAULT_HEADER)
  const isStream = headers.get('content-type') === 'text/event-stream'
  const parts = isStream ? text.split('\n').filter((line) => line.startsWith('data: ')) : text === '' ? [] : [text]
  return {
    status,
    messages: parts.map((part) => JSON.parse(part.replace(/^data: /, '')) as Message),
    fault: header === undefined ? undefined : (JSON.parse(decodeURIComponent(header)) as Fault),
  }
}

export async function until(what: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`did not come to pass within ${withinMs} ms: ${what.toString()}`)
    await sleep(20)
  }
}

/** Process ids that belong to a group. */
export function membersOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group
      } catch {
        return false
      }
    })
}
