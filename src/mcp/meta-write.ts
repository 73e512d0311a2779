import type { Pieces } from '#/lib/pieces.ts'
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

/** False where the `_meta` stays as it is, or stays away. */
export function changesMeta({ meta }: Frame, plan: MetaPlan): boolean {
  if (eraOf(plan.upstreamRevision) === 'modern') return true
  if (meta === undefined) return false
  return eraOf(plan.clientRevision) === 'modern' || meta.some((member) => member.key === PROGRESS_TOKEN)
}

/** The `_meta` object for the upstream. */
export function writeMeta(pieces: Pieces, frame: Frame, plan: MetaPlan): void {
  let open = '{'
  for (const member of frame.meta ?? []) {
    const token = member.key === PROGRESS_TOKEN
    if (token ? !plan.progressToken : !keeps(member, plan)) continue
    pieces.ascii(open)
    if (token) pieces.ascii(`"${PROGRESS_TOKEN}":${String(plan.upstreamId)}`)
    else pieces.add(frame.bytes, member.member.start, member.member.end)
    open = ','
  }
  const modern = eraOf(plan.upstreamRevision) === 'modern'
  if (modern || open === '{') pieces.ascii(open)
  if (modern) writeEnvelope(pieces, frame, plan)
  pieces.ascii('}')
}

/** Whether a member of the client's `_meta` goes on as it is. */
function keeps({ key }: Member, plan: MetaPlan): boolean {
  if (!key.startsWith(PREFIX)) return true
  if (eraOf(plan.clientRevision) === 'modern') {
    return eraOf(plan.upstreamRevision) === 'modern' && key !== CLIENT_CAPABILITIES && key !== PROTOCOL_VERSION
  }
  return eraOf(plan.upstreamRevision) === 'legacy' || !isEnvelope(key)
}

/** What every modern request says of itself, where it is not the client's own word that is kept. */
function writeEnvelope(pieces: Pieces, frame: Frame, plan: MetaPlan): void {
  const { required, info } = envelopeOf(plan)
  pieces.add(required)
  const legacy = eraOf(plan.clientRevision) === 'legacy'
  if (legacy || !frame.meta?.some((member) => member.key === CLIENT_INFO)) pieces.add(info)
  if (legacy && plan.logLevel !== undefined) pieces.text(`,"${LOG_LEVEL}":${JSON.stringify(plan.logLevel)}`)
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

interface Prepared {
  readonly capabilities: Buffer
  /** Version and capabilities. */
  readonly required: Buffer
  readonly info: Buffer
}

/** What we say of ourselves seldom changes, so its bytes are kept with the buffer that says who we are. */
const prepared = new WeakMap<Buffer, Prepared>()

function envelopeOf(plan: Envelope): Prepared {
  const before = prepared.get(plan.clientInfo)
  if (before !== undefined && before.capabilities === plan.capabilities) return before
  const [version, capabilities, info] = modernMembers(plan)
  const fresh = {
    capabilities: plan.capabilities,
    required: Buffer.concat([version!, COMMA, capabilities!]),
    info: Buffer.concat([COMMA, info!]),
  }
  prepared.set(plan.clientInfo, fresh)
  return fresh
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
