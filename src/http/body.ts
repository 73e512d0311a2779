import { GatewayError } from '#/errors/gateway-error.ts'
import type { Place } from './admission.ts'
import type { Arrival } from './arrival.ts'

export interface BodyOptions {
  readonly limit: number
  readonly place: Place
}

const EMPTY = Buffer.alloc(0)

/** The whole body, bounded before and while it is read. Events rather than iteration: this is the hot path. */
export function readBody(arrival: Arrival, { limit, place }: BodyOptions): Promise<Buffer> {
  const { request } = arrival
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) return Promise.reject(tooLarge(limit))
  place.reserve(declared)
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let more: Buffer[] | undefined
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) return reject(tooLarge(limit))
      if (size > declared) {
        try {
          place.reserve(chunk.length)
        } catch (error) {
          return reject(error)
        }
      }
      if (first === undefined) first = chunk
      else (more ??= [first]).push(chunk)
    })
    request.on('end', () => resolve(more === undefined ? (first ?? EMPTY) : Buffer.concat(more)))
    arrival.atEnd(() => {
      if (!request.complete) reject(new GatewayError('client_gone', 'the client went away'))
    })
  })
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('too_large', `the body is larger than the limit of ${limit} bytes (CAUSEWAY_BODY_LIMIT)`)
}
