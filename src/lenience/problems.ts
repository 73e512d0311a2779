import type { Json } from '#/api/edge.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'

/** Where clients look for the sentence under `message` besides `detail`. */
const MESSAGE_PATHS = /^(?:\/v1)?\/(?:gateways|prompts)(?:\/|$|\?)/

/** Besides the one envelope: `message` and `success` where clients read those. */
export function problemOf(path: string, { code }: GatewayError, body: Json): Json {
  if (!MESSAGE_PATHS.test(path) && code !== 'conflict' && code !== 'forbidden') return body
  const { detail, ...rest } = body
  return { detail, message: detail, success: false, ...rest }
}
