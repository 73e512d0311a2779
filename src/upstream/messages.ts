export type Json = Record<string, unknown>

/** A JSON-RPC message off the path of a call, or undefined where it is no object. */
export function parseMessage(bytes: Buffer): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString())
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The error in a message, or undefined. */
export function rpcError(
  message: Json | undefined,
): { readonly code: number; readonly message: string; readonly data: unknown } | undefined {
  const error = message?.['error']
  if (!isObject(error) || typeof error['code'] !== 'number') return undefined
  return {
    code: error['code'],
    message: typeof error['message'] === 'string' ? error['message'] : '',
    data: error['data'],
  }
}

/** The error in a message as a short text for people, or undefined. */
export function errorText(message: Json | undefined): string | undefined {
  const error = rpcError(message)
  return error === undefined ? undefined : `${error.message.slice(0, 300)} (${String(error.code)})`
}
