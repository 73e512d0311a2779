import type { ServerResponse } from 'node:http'
import type { Counters } from './counters.ts'
import { errorOf, members, resultOf, type Era, type Message } from './message.ts'
import type { Order } from './order.ts'

/** A request that waits. */
export interface Flight {
  readonly message: Message
  readonly era: Era
  readonly order: Order
  readonly res: ServerResponse
}

const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
export const JSON_TYPE = 'application/json'
/** A body is sent up to here and no further. */
const HALF = 0.5

export const event = (message: string): string => `event: message\ndata: ${message}\n\n`

/** Text of that many bytes; the latest is kept, because most answers of a load are of one size. */
let padding = ''
const padded = (bytes: number): string => {
  if (padding.length !== bytes) padding = 'x'.repeat(bytes)
  return padding
}

function contentOf({ message, era, order }: Flight, text: string): string {
  if (message.method === 'prompts/get')
    return members({ messages: [{ role: 'user', content: { type: 'text', text } }] })
  if (message.method !== 'resources/read') {
    return members({ content: [{ type: 'text', text }], ...(order.fail === 'tool-error' && { isError: true }) })
  }
  const cached = era === 'modern' ? '"ttlMs":0,"cacheScope":"private",' : ''
  return `${cached}${members({ contents: [{ uri: message.params?.uri, mimeType: 'text/plain', text }] })}`
}

/** The canary and the time that was waited come first, on a line of their own. */
function answerOf(flight: Flight, tookMs: number): string {
  const { message, era, order } = flight
  if (order.fail === 'error') return errorOf(message, -32603, 'failed as it was asked to')
  const first = JSON.stringify({ canary: order.canary, tookMs: Math.round(tookMs * 1000) / 1000 })
  return resultOf(message, era, contentOf(flight, order.bytes > 0 ? `${first}\n${padded(order.bytes)}` : `${first}\n`))
}

function progressOf({ message, order }: Flight, done: number): string {
  const progressToken = message.params?._meta?.['progressToken']
  const params = JSON.stringify({ progressToken, progress: done, total: order.progress })
  return event(`{"jsonrpc":"2.0","method":"notifications/progress","params":${params}}`)
}

/** How an answer is sent that is to be spoiled. */
function spoil({ res }: Flight, body: string, streamed: boolean): void {
  const bytes = Buffer.from(streamed ? event(body) : body)
  const part = bytes.subarray(0, bytes.length * HALF)
  if (!streamed) res.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': bytes.length })
  res.write(part, () => res.destroy())
}

function send(flight: Flight, tookMs: number, streamed: boolean): void {
  const { res, order } = flight
  if (order.fail === 'reset') return void res.socket?.resetAndDestroy()
  const whole = answerOf(flight, tookMs)
  if (order.fail === 'half-body') return spoil(flight, whole, streamed)
  const body = order.fail === 'bad-json' ? `${whole.slice(0, -1)},,]` : whole
  if (streamed) return void res.end(event(body))
  res.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) }).end(body)
}

/**
 * Answers after its time, with progress on the way where that is asked for and the client has named a token. `ended` is
 * called once, when the request waits no longer. Returns what takes the request back.
 */
export function wait(flight: Flight, counters: Counters, ended: () => void): () => void {
  const { order, res, message } = flight
  const began = performance.now()
  const streamed = order.progress > 0
  const steps = streamed && message.params?._meta?.['progressToken'] !== undefined ? order.progress : 0
  let timer: NodeJS.Timeout | undefined
  let over = false
  counters.peakInFlight = Math.max(counters.peakInFlight, ++counters.inFlight)

  function finish(how: 'answered' | 'cancelled' | 'failed'): void {
    over = true
    clearTimeout(timer)
    counters.inFlight--
    counters[how]++
    ended()
  }
  function next(done: number): void {
    if (done > 0 && done <= steps) res.write(progressOf(flight, done))
    if (done <= steps) {
      const due = (order.ms * (done + 1)) / (steps + 1) - (performance.now() - began)
      if (due <= 0) return next(done + 1)
      timer = setTimeout(next, due, done + 1)
      return
    }
    if (order.fail === 'hang') return
    finish(order.fail === undefined ? 'answered' : 'failed')
    send(flight, performance.now() - began, streamed)
  }
  res.once('close', () => {
    if (!over) finish('cancelled')
  })
  if (streamed) {
    res.writeHead(200, EVENT_STREAM)
    res.flushHeaders()
  }
  next(0)
  return () => {
    if (over) return
    finish('cancelled')
    res.destroy()
  }
}
