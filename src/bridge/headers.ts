import type { Frame } from '#/mcp/frame.ts'
import { metaOf, textOf } from '#/mcp/frame-values.ts'
import { encodeHeaderValue } from '#/mcp/header-value.ts'
import { PROTOCOL_VERSION } from '#/mcp/meta-keys.ts'
import { methodIn } from '#/mcp/methods.ts'

export type Headers = Readonly<Record<string, string>>

export const JSON_BODY: Headers = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}

/** The version in a message's own envelope: it is meant in the modern era. undefined: the session says what is spoken. */
export function envelopeVersion(frame: Frame): string | undefined {
  return textOf(frame, metaOf(frame, PROTOCOL_VERSION))
}

/** What streamable HTTP wants to see in the head of a modern request (2026-07-28). */
export function modernHeaders(frame: Frame, version: string): Headers {
  const target = methodIn('modern', frame.method)?.target
  const name = target === 'uri' ? frame.uri : target === 'name' ? frame.name : undefined
  return {
    ...JSON_BODY,
    'mcp-protocol-version': version,
    'mcp-method': frame.method,
    ...(name !== undefined && { 'mcp-name': encodeHeaderValue(name) }),
  }
}
