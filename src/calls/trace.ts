import { randomBytes } from 'node:crypto'

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const TURN = 1 << 24
/** 26 characters of their own for each turn of the counter, which makes the other six. */
let prefix = ''
let counter = TURN

const FORM = /^[\w.:@/+=-]{1,128}$/

/** The id that the caller chose, where it is short and plain enough for a log, or one of ours. */
export function requestIdFrom(given: string | readonly string[] | undefined): string {
  return typeof given === 'string' && FORM.test(given) ? given : newRequestId()
}

/** 32 hex characters, unique to this request. */
function newRequestId(): string {
  if (counter === TURN) {
    prefix = randomBytes(13).toString('hex')
    counter = 0
  }
  const n = counter++
  return prefix + (HEX[n >> 16] ?? '') + (HEX[(n >> 8) & 0xff] ?? '') + (HEX[n & 0xff] ?? '')
}

/** The traceparent of our own hop: the caller's trace or a new one, a span of ours (W3C Trace Context, version 00). */
export function nextHop(traceparent: string | undefined): string {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  const own = newRequestId()
  const span = own.slice(16)
  return match === null ? `00-${own}-${span}-01` : `00-${match[1]}-${span}-${match[2]}`
}
