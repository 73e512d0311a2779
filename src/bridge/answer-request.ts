import { GatewayError } from '#/errors/gateway-error.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import type { Frame } from '#/mcp/frame.ts'
import { methodIn } from '#/mcp/methods.ts'
import { errorBody } from '#/mcp/results.ts'
import type { Era } from '#/mcp/revision.ts'
import { brokeOff, faultOf } from './faults.ts'
import type { GatewayLink } from './gateway-link.ts'
import { envelopeVersion, JSON_BODY, modernHeaders, type Headers } from './headers.ts'
import type { LegacySession } from './legacy-session.ts'
import type { LineOutput } from './line-output.ts'
import type { ArgumentMirrors } from './argument-mirrors.ts'
import { HalfSeen, relayBody } from './read-answer.ts'
import { HEADER_MISMATCH, readRefusal, refusalFor, SESSION_NOT_FOUND, type Refusal } from './refusal.ts'

export interface Asking {
  readonly link: GatewayLink
  readonly session: LegacySession
  readonly mirrors: ArgumentMirrors
  readonly output: LineOutput
}

export interface Request {
  readonly frame: Frame
  readonly era: Era
  readonly signal: AbortSignal
}

/** Asks the gateway and passes its answer on; the client gets exactly one, whatever happens, unless it cancelled. */
export async function answerRequest(asking: Asking, request: Request): Promise<void> {
  const { frame, era, signal } = request
  try {
    await attempt(asking, request, true)
  } catch (cause) {
    if (signal.aborted) return
    const error = cause instanceof GatewayError ? cause : broken(cause, frame)
    await asking.output.line(errorBody(error, { id: idBytes(frame), era, method: frame.method }))
  }
}

/** `again`: what another attempt can heal may be healed. */
async function attempt(asking: Asking, request: Request, again: boolean): Promise<void> {
  const { frame, signal } = request
  const { link, session } = asking
  const sessionId = session.id
  let answered = false
  try {
    const response = await link.send({ method: 'POST', headers: headersOf(asking, request), body: frame.bytes, signal })
    if (!response.ok) {
      const refusal = await readRefusal(response)
      if (again && (await healed(asking, request, { refusal, sessionId }))) return await attempt(asking, request, false)
      return await asking.output.line(refusalFor(idBytes(frame), refusal, link.origin))
    }
    await relayBody(response, {
      output: asking.output,
      seen: ({ isAnswer, bytes }) => {
        answered ||= isAnswer
        if (isAnswer && frame.method === 'initialize' && bytes !== undefined)
          session.opened(frame, response.headers.get('mcp-session-id'), JSON.parse(bytes.toString()))
      },
    })
    if (!answered) throw new Error('the stream ended')
    if (request.era === 'legacy') session.told(frame)
  } catch (cause) {
    if (answered) return
    const isFinal = [GatewayError, HalfSeen, JsonFault].some((kind) => cause instanceof kind)
    if (isFinal || !again || signal.aborted || !isHarmless(frame)) throw cause
    await attempt(asking, request, false)
  }
}

interface Refused {
  readonly refusal: Refusal
  /** Of the session in which it was asked. */
  readonly sessionId: string | undefined
}

/** Whether the cause of a refusal could be removed. Nothing has been carried out. */
async function healed(
  asking: Asking,
  { frame, era, signal }: Request,
  { refusal, sessionId }: Refused,
): Promise<boolean> {
  const { link, session, mirrors } = asking
  if (era === 'modern')
    return (
      refusal.code === HEADER_MISMATCH && frame.method === 'tools/call' && (await mirrors.learn(frame, link, signal))
    )
  const isLost = refusal.status === 404 && (refusal.code === SESSION_NOT_FOUND || refusal.code === undefined)
  if (!isLost || sessionId === undefined || frame.method === 'initialize') return false
  return await session.reopen(sessionId, (body, headers) => link.send({ method: 'POST', headers, body, signal }))
}

function headersOf({ session, mirrors }: Asking, { frame }: Request): Headers {
  const version = envelopeVersion(frame)
  if (version !== undefined) return { ...modernHeaders(frame, version), ...mirrors.headers(frame) }
  return frame.method === 'initialize' ? JSON_BODY : session.headers()
}

function broken(cause: unknown, frame: Frame): GatewayError {
  if (cause instanceof JsonFault)
    return new GatewayError('upstream_invalid', `the gateway's answer is no JSON: ${cause.message}`)
  return brokeOff(faultOf(cause instanceof HalfSeen ? cause.cause : cause).why, !isHarmless(frame))
}

/** Asking twice changes nothing. */
const isHarmless = ({ method }: Frame): boolean =>
  (methodIn('legacy', method) ?? methodIn('modern', method))?.idempotent === true

const idBytes = ({ id, bytes }: Frame): Buffer | undefined => id && bytes.subarray(id.start, id.end)
