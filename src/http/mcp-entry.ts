import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Frame } from '#/mcp/frame.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import type { Admission } from './admission.ts'
import type { Arrival } from './arrival.ts'
import { readBody } from './body.ts'
import { refuse, requireMedia } from './mcp-head.ts'

export interface EntryOptions {
  readonly admission: Admission
  readonly bodyLimit: number
}

/** The message of a known principal. undefined: refused and answered. */
export async function receive(arrival: Arrival, who: Principal, options: EntryOptions): Promise<Frame | undefined> {
  const read = readFrame(await receiveBytes(arrival, who, options))
  if (read.ok) return read.frame
  refuse(arrival, new GatewayError(read.code, read.detail), read.id)
  return undefined
}

/** The body of a known principal: media types, a place, its bound. */
export async function receiveBytes(arrival: Arrival, { key }: Principal, options: EntryOptions): Promise<Buffer> {
  requireMedia(arrival.request)
  const place = options.admission.enter(key)
  arrival.atEnd(place.leave)
  return await readBody(arrival, { limit: options.bodyLimit, place })
}
