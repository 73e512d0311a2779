import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningGateway } from '../support/gateway.ts'

export interface Write {
  readonly what: string
  readonly status: number
  readonly ms: number
  readonly retryAfter: string | null
  readonly body: string
}

/** One administrative write, and how long it took to be answered. */
export async function write(gateway: RunningGateway, what: string, body?: unknown): Promise<Write> {
  const [method = '', path = ''] = what.split(' ')
  const began = performance.now()
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      authorization: `Bearer ${gateway.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  const ms = Math.round(performance.now() - began)
  return { what, status: response.status, ms, retryAfter: response.headers.get('retry-after'), body: text }
}

/** A writer that keeps a ledger of what it was told has been done. */
export interface Ledger {
  /** Names that were acknowledged, and all answers. */
  readonly acknowledged: readonly string[]
  readonly answers: readonly Write[]
  stop(): Promise<void>
}

/** Makes virtual servers, one after the other, whatever it is answered. */
export function ledger(gateway: RunningGateway, prefix: string): Ledger {
  const acknowledged: string[] = []
  const answers: Write[] = []
  let stopped = false
  async function run(): Promise<void> {
    for (let n = 0; !stopped; n++) {
      const name = `${prefix}-${n}`
      const answer = await write(gateway, 'POST /v1/servers', { name })
      answers.push(answer)
      if (answer.status === 201) acknowledged.push(name)
      await sleep(20)
    }
  }
  const running = run()
  return {
    acknowledged,
    answers,
    async stop() {
      stopped = true
      await running
    },
  }
}
