import type { Failure } from '../scenario.ts'
import type { Message } from './message.ts'

/** What a request asks the simulator to do, whichever way it asks: a tool's or a prompt's arguments, or a resource's URI. */
export interface Order {
  readonly ms: number
  readonly canary: string
  readonly bytes: number
  readonly progress: number
  readonly fail: Failure | undefined
}

const FAILURES = ['error', 'tool-error', 'reset', 'hang', 'half-body', 'bad-json'] as const satisfies readonly Failure[]

const MOST = { ms: 3_600_000, bytes: 256 << 20, progress: 10_000 } as const

/** The order, or what is wrong with it. */
export function readOrder(given: Readonly<Record<string, unknown>>): Order | string {
  const numbers = { ms: 0, bytes: 0, progress: 0 }
  for (const name of ['ms', 'bytes', 'progress'] as const) {
    const value = Number(given[name] ?? 0)
    if (!(value >= 0 && value <= MOST[name])) return `${name} must be a number from 0 to ${MOST[name]}`
    numbers[name] = value
  }
  const fail = given['fail'] === undefined || given['fail'] === '' ? undefined : given['fail']
  if (fail !== undefined && !FAILURES.includes(fail as Failure)) return `fail must be one of ${FAILURES.join(', ')}`
  const canary = given['canary'] ?? ''
  if (typeof canary !== 'string') return 'canary must be a string'
  return { ...numbers, canary, fail: fail as Failure | undefined }
}

/** `lab://NAME/wait/{ms}/{canary}` */
function readUri(name: string, uri: string): Order | string {
  const start = `lab://${name}/wait/`
  if (!uri.startsWith(start)) return `there is no resource ${uri}; try ${start}{ms}/{canary}`
  const rest = uri.slice(start.length)
  const slash = rest.indexOf('/')
  return readOrder(slash < 0 ? { ms: rest } : { ms: rest.slice(0, slash), canary: rest.slice(slash + 1) })
}

const NAMED: Readonly<Record<string, string>> = { 'tools/call': 'tool', 'prompts/get': 'prompt' }

/** What to do for a request that waits; undefined: it is not one of those. */
export function orderOf(message: Message, server: string): Order | string | undefined {
  const { method, params = {} } = message
  if (method === 'resources/read') return readUri(server, params.uri ?? '')
  const kind = NAMED[method]
  if (kind === undefined) return undefined
  return params.name === 'wait' ? readOrder(params.arguments ?? {}) : `the only ${kind} that does anything is wait`
}
