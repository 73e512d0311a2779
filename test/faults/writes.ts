import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningGateway } from '../support/gateway.ts'
import type { WriteDone, WriteOrder } from './write-process.ts'

export interface Write {
  readonly what: string
  readonly status: number
  readonly ms: number
  /** By the machine's clock, as Date.now(). */
  readonly endedAt: number
  readonly retryAfter: string | null
  readonly body: string
}

/** One administrative write, and how long it took to be answered. */
export async function write({ url, token }: RunningGateway, what: string, body?: unknown): Promise<Write> {
  const id = ++orders
  const { promise, resolve, reject } = Promise.withResolvers<Write>()
  waiting.set(id, (done) => ('write' in done ? resolve(done.write) : reject(new Error(done.error))))
  const order: WriteOrder = { id, what, url, token, body: body === undefined ? undefined : JSON.stringify(body) }
  sender().send(order)
  return await promise
}

let orders = 0
const waiting = new Map<number, (done: WriteDone) => void>()
let sending: ChildProcess | undefined

/** The process that sends; it ends with this one. */
function sender(): ChildProcess {
  if (sending !== undefined) return sending
  sending = fork(join(import.meta.dirname, 'write-process.ts'), { execArgv: [] })
  sending.on('message', (done: WriteDone) => {
    waiting.get(done.id)?.(done)
    waiting.delete(done.id)
  })
  sending.unref()
  sending.channel?.unref()
  return sending
}

/** How long it took while the database was away: what is under way when that begins may have waited for other reasons. */
export function awayMs({ ms, endedAt }: Write, awaySince: number): number {
  return Math.min(ms, endedAt - awaySince)
}

/** A writer that keeps a ledger of what it was told has been done. */
export interface Ledger {
  /** Names that were acknowledged, and all answers. */
  readonly acknowledged: readonly string[]
  readonly answers: readonly Write[]
  stop(): Promise<void>
}

/** Makes virtual servers, one after the other, whatever it is answered; with `survives`, also where a connection breaks. */
export function ledger(
  gateway: RunningGateway,
  prefix: string,
  { survives = false }: { readonly survives?: boolean } = {},
): Ledger {
  const acknowledged: string[] = []
  const answers: Write[] = []
  let stopped = false
  async function run(): Promise<void> {
    for (let n = 0; !stopped; n++) {
      const name = `${prefix}-${n}`
      const writing = write(gateway, 'POST /v1/servers', { name })
      const answer = await (survives ? writing.catch(() => undefined) : writing)
      if (answer !== undefined) answers.push(answer)
      if (answer?.status === 201) acknowledged.push(name)
      await sleep(20)
    }
  }
  const running = run()
  // A connection that broke ends it; whoever stops it is told.
  running.catch(() => undefined)
  return {
    acknowledged,
    answers,
    async stop() {
      stopped = true
      await running
    },
  }
}
