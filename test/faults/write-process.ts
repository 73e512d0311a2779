import { inspect } from 'node:util'
import type { Write } from './writes.ts'

export interface WriteOrder {
  readonly id: number
  readonly what: string
  readonly url: string
  readonly token: string
  /** JSON; undefined: no body. */
  readonly body: string | undefined
}

export type WriteDone = { readonly id: number } & ({ readonly write: Write } | { readonly error: string })

/** Sends requests and times them in a process that has nothing else to do: the test's own is late when it is busy. */
async function ordered({ what, url, token, body }: WriteOrder): Promise<Write> {
  const [method = '', path = ''] = what.split(' ')
  const began = performance.now()
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  const ms = Math.round(performance.now() - began)
  const retryAfter = response.headers.get('retry-after')
  return { what, status: response.status, ms, endedAt: Date.now(), retryAfter, body: text }
}

/** Whoever asked may have ended meanwhile. */
const answer = (done: WriteDone): unknown => process.connected && process.send?.(done, () => undefined)

/** Of what `fetch` says the cause is what happened. */
function told({ what }: WriteOrder, error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${inspect(error.cause, { depth: 1 })}` : ''
  return `${what}: ${String(error)}${cause}`
}

process.on('message', (order: WriteOrder) => {
  ordered(order).then(
    (write) => answer({ id: order.id, write }),
    (error: unknown) => answer({ id: order.id, error: told(order, error) }),
  )
})
