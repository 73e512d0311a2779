import { QUOTE } from '#/lib/json-bytes.ts'
import { splice } from '#/lib/json-splice.ts'
import { decodeString } from '#/lib/json-string.ts'
import type { Frame, Member } from './frame.ts'
import { isSevereEnough } from './log-level.ts'
import type { RelayPlan } from './relay.ts'
import { eraOf } from './revision.ts'

/** In the modern era these travel on a subscription's stream only, never on that of a call. */
const SUBSCRIBED: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/elicitation/complete',
])

/** A notification from a call's stream as its client may see it; undefined where it must not. */
export function relayNotification(frame: Frame, plan: RelayPlan): Buffer | undefined {
  switch (frame.method) {
    case 'notifications/progress':
      return progress(frame, plan)
    case 'notifications/message':
      return isWanted(frame, plan.logLevel) ? frame.bytes : undefined
    case 'notifications/cancelled':
      // Names a request of the upstream's own, which no client has seen.
      return undefined
    default:
      return eraOf(plan.clientRevision) === 'modern' && SUBSCRIBED.has(frame.method) ? undefined : frame.bytes
  }
}

function progress(frame: Frame, plan: RelayPlan): Buffer | undefined {
  const token = member(frame, 'progressToken')
  if (token === undefined || plan.progressToken === undefined) return undefined
  const { start, end } = token.value
  if (frame.bytes.toString('latin1', start, end) !== String(plan.upstreamId)) return undefined
  return splice(frame.bytes, [{ start, end, bytes: plan.progressToken }])
}

function isWanted(frame: Frame, minimum: string | undefined): boolean {
  const level = member(frame, 'level')
  if (minimum === undefined || level === undefined || frame.bytes[level.value.start] !== QUOTE) return false
  return isSevereEnough(decodeString(frame.bytes, level.value.start, level.value.end), minimum)
}

function member(frame: Frame, key: string): Member | undefined {
  return frame.members.find((each) => each.key === key)
}
