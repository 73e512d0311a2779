import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clients } from '#/access/client-address.ts'
import { clientNetwork } from '#/access/client-network.ts'
import type { Principal } from '#/access/principal.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Admission, Place } from './admission.ts'
import { sendError } from './rest-errors.ts'

/** Requests whose bodies say no length: their bytes are reserved as they come. */
const unmeasured = new WeakMap<FastifyRequest, Place>()

export interface RestAdmission {
  /** The same as on the MCP endpoints: a principal's places are for both. */
  readonly admission: Admission
  readonly bodyLimit: number
  readonly clients: Clients
}

/** A place for a request of `principal`, and for the bytes that it says it brings, until its answer is over. */
export function admit(
  { admission, bodyLimit }: Omit<RestAdmission, 'clients'>,
  principal: Pick<Principal, 'key'>,
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

/** Nothing that strangers may send is long. */
export const STRANGERS_BODY = 16 << 10

/** The same for whoever sends no token to a route that takes a body: a place among those of its network. */
export function admitStranger(
  { admission, clients }: RestAdmission,
  { body }: Endpoint,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
): void {
  if (body === undefined) return
  const { network } = clientNetwork(clients.of(request.raw).remoteAddress ?? null)
  admit({ admission, bodyLimit: STRANGERS_BODY }, { key: `stranger ${network}` }, [request, reply])
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
