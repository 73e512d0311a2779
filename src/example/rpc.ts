import { isObject } from '#/lib/is-object.ts'
import type { Json } from './tool.ts'

/** A failure that JSON-RPC tells in `error`. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: Json | undefined

  constructor(code: number, message: string, data?: Json) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const METHOD_NOT_FOUND = -32_601
export const INVALID_PARAMS = -32_602
const INTERNAL = -32_603
const UNSUPPORTED_VERSION = -32_022

export type Id = string | number

export const MODERN = '2026-07-28'
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'

/** The version that initialize agrees on. */
export function negotiated(requested: unknown): string {
  return LEGACY.find((version) => version === requested) ?? '2025-11-25'
}

/** Whether a request carries its own context (2026-07-28) or relies on initialize; throws where it does neither rightly. */
export function isModern(meta: Json): boolean {
  const version = meta[VERSION_KEY]
  if (version === undefined) return false
  if (version !== MODERN)
    throw new RpcError(UNSUPPORTED_VERSION, 'Unsupported protocol version', { supported: [MODERN], requested: version })
  if (!isObject(meta[CAPABILITIES_KEY]))
    throw new RpcError(INVALID_PARAMS, `params._meta must have "${CAPABILITIES_KEY}", an object`)
  return true
}

export function errorOf(cause: unknown): Json {
  if (!(cause instanceof RpcError)) return { code: INTERNAL, message: 'internal error' }
  const { code, message, data } = cause
  return { code, message, ...(data && { data }) }
}
