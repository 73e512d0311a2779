import { GatewayError } from '#/errors/gateway-error.ts'
import { OPEN_OBJECT } from '#/lib/json-bytes.ts'
import type { Frame } from './frame.ts'
import { metaOf, textOf } from './frame-values.ts'
import { decodeHeaderValue } from './header-value.ts'
import { isLogLevel } from './log-level.ts'
import { CLIENT_CAPABILITIES, LOG_LEVEL, PROTOCOL_VERSION } from './meta-keys.ts'
import { methodIn } from './methods.ts'
import { MODERN_REVISION, REVISIONS, eraOf, isRevision, type LegacyRevision, type Revision } from './revision.ts'

/** Headers by lower-case name, as node:http gives them. */
export type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export type Classified =
  | { readonly era: 'legacy'; readonly revision: LegacyRevision }
  | { readonly era: 'modern'; readonly revision: typeof MODERN_REVISION }

const MODERN: Classified = { era: 'modern', revision: MODERN_REVISION }
/** What a client speaks that names no version (2025-11-25, basic/transports). */
const ASSUMED = '2025-03-26' satisfies LegacyRevision

/**
 * In which era a POSTed message is meant: its `_meta` decides, `initialize` decides for legacy, and the headers must agree.
 * Throws what the specification answers with. A legacy
 * method that does not exist is the caller's to refuse; a modern one is refused here.
 */
export function classify(headers: IncomingHeaders, frame: Frame): Classified {
  const header = headerValue(headers, 'mcp-protocol-version')
  const version = metaOf(frame, PROTOCOL_VERSION)
  if (frame.kind === 'response') return legacy(header === MODERN_REVISION ? undefined : header)
  if (version === undefined) return withoutEnvelope(header, frame)
  const requested = textOf(frame, version)
  if (requested === undefined) throw envelope(`_meta["${PROTOCOL_VERSION}"] must be a string`)
  if (frame.kind === 'notification') {
    if (header !== undefined && header !== requested) throw versionMismatch(header, requested)
    return checkVersion(requested)
  }
  if (header === undefined) throw mismatch('the MCP-Protocol-Version header is missing')
  if (header !== requested) throw versionMismatch(header, requested)
  checkVersion(requested)
  checkMirrors(headers, frame)
  checkMethod(frame)
  checkEnvelope(frame)
  return MODERN
}

function withoutEnvelope(header: string | undefined, frame: Frame): Classified {
  if (header === MODERN_REVISION) {
    if (frame.kind === 'notification') return MODERN
    if (frame.method === 'initialize') {
      throw mismatch(`${MODERN_REVISION} has no initialize: send it without the MCP-Protocol-Version header`)
    }
    throw envelope(`params._meta must have "${PROTOCOL_VERSION}" and "${CLIENT_CAPABILITIES}"`)
  }
  return legacy(frame.method === 'initialize' ? undefined : header)
}

function legacy(header: string | undefined): Classified {
  if (header !== undefined && !(isRevision(header) && isLegacy(header)))
    throw unsupported(header, REVISIONS.toReversed())
  return { era: 'legacy', revision: header ?? ASSUMED }
}

function isLegacy(revision: Revision): revision is LegacyRevision {
  return eraOf(revision) === 'legacy'
}

function checkVersion(requested: string): Classified {
  if (requested !== MODERN_REVISION) throw unsupported(requested)
  return MODERN
}

/** Mcp-Method and Mcp-Name say what the body says (2026-07-28, streamable HTTP, request metadata). */
function checkMirrors(headers: IncomingHeaders, frame: Frame): void {
  const method = headerValue(headers, 'mcp-method')
  if (method === undefined) throw mismatch('the Mcp-Method header is missing')
  if (method !== frame.method) throw mismatch(`the Mcp-Method header '${method}' is not the method of the body`)
  const target = methodIn('modern', frame.method)?.target
  if (!target) return
  const inBody = target === 'uri' ? frame.uri : frame.name
  const raw = headerValue(headers, 'mcp-name')
  if (raw === undefined) {
    if (inBody !== undefined) throw mismatch('the Mcp-Name header is missing')
    return
  }
  const name = decodeHeaderValue(raw)
  if (name === undefined) throw mismatch('the Mcp-Name header is not a legal value')
  if (name !== inBody) throw mismatch(`the Mcp-Name header '${raw}' is not params.${target} of the body`)
}

function checkMethod(frame: Frame): void {
  if (methodIn('modern', frame.method) !== undefined) return
  throw new GatewayError('method_not_found', `${MODERN_REVISION} has no method '${frame.method}' here`)
}

function checkEnvelope(frame: Frame): void {
  const capabilities = metaOf(frame, CLIENT_CAPABILITIES)
  if (capabilities === undefined) throw envelope(`params._meta must have "${CLIENT_CAPABILITIES}"`)
  if (frame.bytes[capabilities.value.start] !== OPEN_OBJECT) {
    throw envelope(`params._meta["${CLIENT_CAPABILITIES}"] must be an object`)
  }
  const level = metaOf(frame, LOG_LEVEL)
  if (level !== undefined && !isLogLevel(textOf(frame, level))) {
    throw new GatewayError('invalid_field', `params._meta["${LOG_LEVEL}"] is not a log level`, {
      field: 'params._meta',
    })
  }
}

/** One value, trimmed; several lines of one header never equal what a body says. */
function headerValue(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'object' ? value.join(', ') : value?.trim()
}

function mismatch(why: string): GatewayError {
  return new GatewayError('header_mismatch', `Header mismatch: ${why}`)
}

function versionMismatch(header: string, requested: string): GatewayError {
  return mismatch(`the MCP-Protocol-Version header '${header}' is not the version of the body, '${requested}'`)
}

function envelope(why: string): GatewayError {
  return new GatewayError('invalid_envelope', why, { field: 'params._meta' })
}

/** In an envelope, what `server/discover` names is offered; without one, all that is spoken. */
function unsupported(requested: string, supported: readonly Revision[] = [MODERN_REVISION]): GatewayError {
  return new GatewayError('unsupported_version', 'Unsupported protocol version', { data: { supported, requested } })
}
