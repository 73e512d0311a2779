import type { Frame, Member } from './frame.ts'
import { CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL, PREFIX, PROGRESS_TOKEN, PROTOCOL_VERSION } from './meta-keys.ts'
import { eraOf, type Revision } from './revision.ts'

/** What a request's `_meta` depends on; see RequestPlan. */
export interface MetaPlan {
  readonly clientRevision: Revision
  readonly upstreamRevision: Revision
  readonly upstreamId: number
  readonly progressToken: boolean
  readonly logLevel?: string | undefined
  readonly capabilities: Buffer
  readonly clientInfo: Buffer
}

/** `undefined`: the `_meta` stays as it is, or stays away. */
export function writeMeta(frame: Frame, plan: MetaPlan): Buffer | undefined {
  const toModern = eraOf(plan.upstreamRevision) === 'modern'
  const fromModern = eraOf(plan.clientRevision) === 'modern'
  const token = frame.meta?.some((member) => member.key === PROGRESS_TOKEN) ?? false
  if (!toModern && (frame.meta === undefined || (!fromModern && !token))) return undefined
  const members: Buffer[] = []
  for (const member of frame.meta ?? []) {
    const written = writeMember(frame, member, plan)
    if (written !== undefined) members.push(written)
  }
  if (toModern) members.push(...envelope(frame, plan))
  return object(members)
}

/** One member of the client's `_meta` on its way upstream; undefined drops it. */
function writeMember(frame: Frame, member: Member, plan: MetaPlan): Buffer | undefined {
  const kept = frame.bytes.subarray(member.member.start, member.member.end)
  if (member.key === PROGRESS_TOKEN) {
    return plan.progressToken ? Buffer.from(`"${PROGRESS_TOKEN}":${String(plan.upstreamId)}`) : undefined
  }
  if (!member.key.startsWith(PREFIX)) return kept
  if (eraOf(plan.clientRevision) === 'modern') {
    if (eraOf(plan.upstreamRevision) === 'legacy') return undefined
    return member.key === CLIENT_CAPABILITIES || member.key === PROTOCOL_VERSION ? undefined : kept
  }
  return isEnvelope(member.key) && eraOf(plan.upstreamRevision) === 'modern' ? undefined : kept
}

/** What every modern request says of itself, where it is not the client's own word that is kept. */
function envelope(frame: Frame, plan: MetaPlan): Buffer[] {
  const own = modernMembers(plan)
  if (eraOf(plan.clientRevision) === 'legacy') return own
  const [version, capabilities, info] = own
  const saysWho = frame.meta?.some((member) => member.key === CLIENT_INFO) ?? false
  return [version!, capabilities!, ...(saysWho ? [] : [info!])]
}

function isEnvelope(key: string): boolean {
  return key === PROTOCOL_VERSION || key === CLIENT_INFO || key === CLIENT_CAPABILITIES || key === LOG_LEVEL
}

export interface Envelope {
  readonly upstreamRevision: Revision
  /** Raw JSON objects. */
  readonly capabilities: Buffer
  readonly clientInfo: Buffer
  readonly logLevel?: string | undefined
}

/** The members of `_meta` that the modern era wants on each request: version, capabilities, client info, log level. */
export function modernMembers(plan: Envelope): Buffer[] {
  const members = [
    Buffer.from(`"${PROTOCOL_VERSION}":"${plan.upstreamRevision}"`),
    Buffer.concat([Buffer.from(`"${CLIENT_CAPABILITIES}":`), plan.capabilities]),
    Buffer.concat([Buffer.from(`"${CLIENT_INFO}":`), plan.clientInfo]),
  ]
  if (plan.logLevel !== undefined) members.push(Buffer.from(`"${LOG_LEVEL}":${JSON.stringify(plan.logLevel)}`))
  return members
}

/** Joins members into an object. */
export function object(members: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = []
  for (const member of members) pieces.push(pieces.length === 0 ? OPEN : COMMA, member)
  if (pieces.length === 0) pieces.push(OPEN)
  pieces.push(CLOSE)
  return Buffer.concat(pieces)
}

const OPEN = Buffer.from('{')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from('}')
