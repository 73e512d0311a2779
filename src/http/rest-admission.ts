import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Admission, Place } from './admission.ts'
import { sendError } from './rest-errors.ts'

/** Requests whose bodies say no length: their bytes are reserved as they come. */
const unmeasured = new WeakMap<FastifyRequest, Place>()

export interface RestAdmission {
  /** The same as on the MCP endpoints: a principal's places are for both. */
  readonly admission: Admission
  readonly bodyLimit: number
}

/** A place for a request of `principal`, and for the bytes that it says it brings, until its answer is over. */
export function admit(
  { admission, bodyLimit }: RestAdmission,
  principal: Principal,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
): void {
  if (reply.raw.closed) throw new GatewayError('client_gone', 'the client went away')
  const place = admission.enter(principal.key)
  reply.raw.once('close', () => place.leave())
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined) unmeasured.set(request, place)
  // What is longer than may be is refused before it is read.
  else if (length !== undefined && Number(length) <= bodyLimit) place.reserve(Number(length))
}

/** Runs before the framework listens to the body, in the same tick. */
export function reserveWhatComes(request: FastifyRequest, reply: FastifyReply): void {
  const place = unmeasured.get(request)
  if (place === undefined) return
  request.raw.on('data', (chunk: Buffer) => {
    if (reply.sent || reply.raw.closed) return
    try {
      place.reserve(chunk.length)
    } catch (cause) {
      void sendError(reply.header('connection', 'close'), cause)
    }
  })
}
