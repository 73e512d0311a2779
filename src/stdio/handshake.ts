import { isRevision, MODERN_REVISION, NEWEST_LEGACY, type Era, type Revision } from '#/mcp/revision.ts'
import { discoverRequest, initializedNotification, initializeRequest, type Ourselves } from '#/mcp/upstream-requests.ts'
import { isObject } from '#/lib/is-object.ts'
import { StdioFault } from './fault.ts'

/** An answer of the server as it came, and where its id lies in it. */
export interface Answer {
  readonly line: Buffer
  readonly start: number
  readonly end: number
}

/** What a server said of itself at its start. */
export interface Identity {
  readonly era: Era
  readonly revision: Revision
  /** To server/discover or to initialize. */
  readonly answer: Answer
  readonly capabilities: Json
}

type Json = Readonly<Record<string, unknown>>

/** The server's side of a handshake. */
export interface Line {
  /** Sends a request of our own. Rejects when the server ends. */
  ask(write: (id: number) => Buffer): Promise<Answer>
  tell(message: Buffer): void
}

export interface HandshakeOptions {
  readonly us: Ourselves
  /** It is known to be a legacy server: some of those end when they are asked anything before initialize. */
  readonly legacy: boolean
}

const SILENCE_MS = 3000
const UNSUPPORTED_VERSION = -32022

/**
 * Finds out which era a server speaks: a modern question first; any refusal, or silence, leads to initialize. A legacy session is
 * open afterwards; a modern server needs none.
 */
export async function shakeHands(line: Line, { us, legacy }: HandshakeOptions): Promise<Identity> {
  if (legacy) return await initialize(line, us)
  const asked = line.ask((id) => discoverRequest(id, us)).then(modernIdentity)
  using silence = silent()
  const first = await Promise.race([asked, silence.long])
  if (first !== 'silent') return first ?? (await initialize(line, us))
  // It may still be starting: whatever it answers first decides.
  const late = asked.then((identity) => identity ?? new Promise<never>(() => {}))
  return await Promise.race([late, initialize(line, us)])
}

/** null: it is no modern server that we can speak with. */
function modernIdentity(answer: Answer): Identity | null {
  const { result, error } = parsed(answer)
  if (isObject(error) && error['code'] === UNSUPPORTED_VERSION) return null
  if (!isObject(result) || !Array.isArray(result['supportedVersions']) || !isObject(result['capabilities'])) return null
  if (!result['supportedVersions'].includes(MODERN_REVISION)) return null
  return { era: 'modern', revision: MODERN_REVISION, answer, capabilities: result['capabilities'] }
}

async function initialize(line: Line, us: Ourselves): Promise<Identity> {
  const answer = await line.ask((id) => initializeRequest(id, NEWEST_LEGACY, us))
  const { result, error } = parsed(answer)
  if (isObject(error)) throw invalid(`the server refused initialize: ${text(error['message'])}`)
  const revision = isObject(result) ? result['protocolVersion'] : undefined
  if (!isObject(result) || !isRevision(revision) || revision === MODERN_REVISION)
    throw invalid(`the server wants protocol version ${text(revision)}, which we do not speak`)
  line.tell(initializedNotification())
  const capabilities = isObject(result['capabilities']) ? result['capabilities'] : {}
  return { era: 'legacy', revision, answer, capabilities }
}

function silent(): Disposable & { readonly long: Promise<'silent'> } {
  const long = Promise.withResolvers<'silent'>()
  const timer = setTimeout(() => long.resolve('silent'), SILENCE_MS)
  return { long: long.promise, [Symbol.dispose]: () => clearTimeout(timer) }
}

function parsed({ line }: Answer): Json {
  try {
    const value: unknown = JSON.parse(line.toString())
    return isObject(value) ? value : {}
  } catch {
    throw invalid('the server answered with something that is not JSON')
  }
}

const text = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 200)

function invalid(message: string): StdioFault {
  return new StdioFault({ code: 'upstream_invalid', message })
}
