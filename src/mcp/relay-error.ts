import { OPEN_OBJECT, QUOTE } from '#/lib/json-bytes.ts'
import { scanObject, scanWhole, skipValue } from '#/lib/json-scanner.ts'
import { splice, type Edit } from '#/lib/json-splice.ts'
import { decodeString } from '#/lib/json-string.ts'
import type { Range } from './frame.ts'
import { declaresAll } from './capabilities.ts'
import { isId } from './read-frame.ts'
import type { RelayPlan } from './relay.ts'
import { eraOf, type Revision } from './revision.ts'

export type RelayedError =
  | { readonly kind: 'error'; readonly bytes: Buffer; readonly code: number }
  | { readonly kind: 'needs-input' }
  | { readonly kind: 'invalid'; readonly why: string }

const RESOURCE_NOT_FOUND = -32002
const INVALID_PARAMS = -32602
const INTERNAL = -32603
const HEADER_MISMATCH = -32020
const MISSING_CAPABILITY = -32021
const UNSUPPORTED_VERSION = -32022
const URL_ELICITATION = -32042

/** An error whose text speaks of the hop between us and the upstream, and what the client reads instead. */
const OUR_HOP: ReadonlyMap<number, string> = new Map([
  [HEADER_MISMATCH, 'the gateway and the server do not agree on the headers of this request'],
  [MISSING_CAPABILITY, 'the server needs a client capability that is not available here'],
  [UNSUPPORTED_VERSION, 'the gateway and the server do not agree on a protocol version'],
])

/** Turns an upstream's whole error response into the client's: id, and a code that exists in the client's revision. */
export function relayError(bytes: Buffer, plan: RelayPlan): RelayedError {
  const found = readError(bytes)
  const code = found.code === undefined ? Number.NaN : Number(text(bytes, found.code))
  const why = problem(bytes, found, plan)
  if (why !== undefined || found.id === undefined || found.code === undefined) {
    return { kind: 'invalid', why: why ?? 'the error response is incomplete' }
  }
  const mapped = code === MISSING_CAPABILITY ? missingCapability(bytes, plan) : clientCode(code, plan)
  if (mapped === 'needs-input') return { kind: 'needs-input' }
  const edits: Edit[] = [{ ...found.id, bytes: plan.clientId }]
  if (mapped !== code) edits.push({ ...found.code, bytes: Buffer.from(String(mapped)) })
  const clean = mapped === code ? undefined : OUR_HOP.get(code)
  if (clean !== undefined) return { kind: 'error', bytes: plainError(plan.clientId, mapped, clean), code: mapped }
  edits.sort((a, b) => a.start - b.start)
  return { kind: 'error', bytes: splice(bytes, edits), code: mapped }
}

interface Found {
  id?: Range
  code?: Range
  version?: boolean
  other?: boolean
  errorIsObject?: boolean
}

function readError(bytes: Buffer): Found {
  const found: Found = {}
  const inError = (key: string, _start: number, at: number): number => {
    const end = skipValue(bytes, at, 2)
    if (key === 'code') found.code = { start: at, end }
    return end
  }
  const onTop = (key: string, _start: number, at: number): number => {
    if (key === 'error' && bytes[at] === OPEN_OBJECT) {
      found.errorIsObject = true
      return scanObject(bytes, at, { depth: 2, visit: inError })
    }
    const end = skipValue(bytes, at, 1)
    if (key === 'id') found.id = { start: at, end }
    else if (key === 'jsonrpc') found.version = bytes[at] === QUOTE && decodeString(bytes, at, end) === '2.0'
    else if (key === 'method' || key === 'result') found.other = true
    return end
  }
  scanWhole(bytes, (root) => scanObject(bytes, root, { depth: 1, visit: onTop }))
  return found
}

function problem(bytes: Buffer, found: Found, plan: RelayPlan): string | undefined {
  if (found.other) return 'a message is a result, an error or a request, not two of them'
  if (!found.version) return 'jsonrpc is not "2.0"'
  const { code, id } = found
  if (!found.errorIsObject || code === undefined || !isId(bytes, code.start, code.end) || bytes[code.start] === QUOTE) {
    return 'the error has no integer code'
  }
  if (id === undefined || text(bytes, id) === 'null')
    return `the server could not read the request (${text(bytes, code)})`
  return text(bytes, id) === String(plan.upstreamId) ? undefined : 'the answer has another id'
}

function text(bytes: Buffer, range: Range): string {
  return bytes.toString('latin1', range.start, range.end)
}

function clientCode(code: number, plan: RelayPlan): number | 'needs-input' {
  return eraOf(plan.clientRevision) === 'modern' ? codeForModern(code, plan) : codeForLegacy(code, plan)
}

/** −32020 … −32099 are the specification's, and only the newest three have a meaning; −32002 and −32042 are withdrawn. */
function codeForModern(code: number, plan: RelayPlan): number | 'needs-input' {
  if (code === RESOURCE_NOT_FOUND) return INVALID_PARAMS
  if (code === URL_ELICITATION && eraOf(plan.upstreamRevision) === 'legacy') return 'needs-input'
  return isReserved(code) ? INTERNAL : code
}

/** The server speaks of what we declare, which is nothing. It is true of the client where it does not declare that either. */
function missingCapability(bytes: Buffer, plan: RelayPlan): number | 'needs-input' {
  const modern = eraOf(plan.clientRevision) === 'modern' && eraOf(plan.upstreamRevision) === 'modern'
  if (!modern) return clientCode(MISSING_CAPABILITY, plan)
  return declaresAll(plan.clientCapabilities?.(), bytes) ? 'needs-input' : MISSING_CAPABILITY
}

function codeForLegacy(code: number, plan: RelayPlan): number {
  if (eraOf(plan.upstreamRevision) === 'legacy') {
    return code === URL_ELICITATION && isBefore(plan.clientRevision, '2025-11-25') ? INTERNAL : code
  }
  if (code === INVALID_PARAMS && plan.method === 'resources/read') return RESOURCE_NOT_FOUND
  return isReserved(code) ? INTERNAL : code
}

function isReserved(code: number): boolean {
  return code <= -32020 && code >= -32099
}

/** Revisions are dates, so their order is that of their text. */
function isBefore(revision: Revision, other: Revision): boolean {
  return revision < other
}

function plainError(id: Buffer, code: number, message: string): Buffer {
  const tail = `,"error":{"code":${String(code)},"message":${JSON.stringify(message)}}}`
  return Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":'), id, Buffer.from(tail)])
}
