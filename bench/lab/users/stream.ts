import { setTimeout as sleep } from 'node:timers/promises'
import type { Tally } from '../generator/tally.ts'
import { EventStream } from '../wire/event-stream.ts'
import type { Client } from './client.ts'
import { failed, type Outcome } from './judge.ts'

const REOPEN_MS = 1000

/** Keeps a stream open as real clients do: one that ends is opened again, and a server that offers none is left alone. */
export function keepStream(client: Client, origin: URL, tally: Tally): Disposable {
  let current: EventStream | null = null
  let kept = true

  async function once(): Promise<Outcome> {
    const request = client.listenRequest()
    if (request === null) return NONE
    using stream = new EventStream(origin, request, () => tally.openStreams++)
    current = stream
    const end = await stream.ended
    if (stream.isOpen) tally.openStreams--
    if (end.kind === 'closed') return LATER
    if (end.kind === 'lost') return failed(end.why, request.slice(0, request.indexOf('\r\n')))
    const { status, text } = end.answer
    // A server without streams says so in one of these ways.
    if (status === 405 || text.includes('-32601')) return NONE
    // A session that is gone is the next request's to open.
    return status === 404 ? LATER : failed(`a stream was asked for: status ${status}`, text)
  }

  async function keep(): Promise<void> {
    while (kept) {
      const due = performance.now()
      const outcome = await once()
      if (!kept || outcome === NONE) return
      if (outcome.kind === 'failed') {
        tally.begin(false)
        tally.end(false, { kind: 'stream', due, outcome })
      }
      await sleep(REOPEN_MS)
    }
  }

  void keep()
  return {
    [Symbol.dispose]() {
      kept = false
      current?.[Symbol.dispose]()
    },
  }
}

const NONE: Outcome = { kind: 'answered', tookMs: 0 }
const LATER: Outcome = { kind: 'refused', afterMs: REOPEN_MS }
