import { randomBytes } from 'node:crypto'

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/
const process16 = randomBytes(8).toString('hex')
let counter = Math.floor(Math.random() * 0xffff_ffff)

/** 32 hex characters, unique to this request. */
const FORM = /^[\w.:@/+=-]{1,128}$/

/** The id that the caller chose, where it is short and plain enough for a log, or one of ours. */
export function requestIdFrom(given: string | readonly string[] | undefined): string {
  return typeof given === 'string' && FORM.test(given) ? given : newRequestId()
}

function newRequestId(): string {
  counter = (counter + 1) % Number.MAX_SAFE_INTEGER
  return process16 + counter.toString(16).padStart(16, '0')
}

/** The traceparent of our own hop: the caller's trace or a new one, a span of ours (W3C Trace Context, version 00). */
export function nextHop(traceparent: string | undefined): string {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  const own = newRequestId()
  const span = own.slice(16)
  return match === null ? `00-${own}-${span}-01` : `00-${match[1]}-${span}-${match[2]}`
}
