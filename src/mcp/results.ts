import { ERROR_CODES } from '#/errors/codes.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { SERVER_INFO } from './meta-keys.ts'
import { object } from './meta-write.ts'
import {
  MODERN_REVISION,
  NEWEST_LEGACY,
  REVISIONS,
  eraOf,
  isRevision,
  type Era,
  type LegacyRevision,
} from './revision.ts'

/** Who we are to a client: raw JSON objects. */
export interface ServerFace {
  readonly serverInfo: Buffer
  readonly capabilities: Buffer
  readonly instructions?: string | undefined
}

/** How long a modern client may keep what we said, and whether others may share it. */
export interface CacheHint {
  readonly ttlMs: number
  readonly scope: 'public' | 'private'
}

const UNCACHED: CacheHint = { ttlMs: 0, scope: 'private' }
const NULL = Buffer.from('null')
const COMMA = Buffer.from(',')
const CLOSE_RESULT = Buffer.from('}}')

/** The revision that `initialize` agrees on: the client's where we speak it, else our newest that has `initialize`. */
export function negotiate(requested: unknown): LegacyRevision {
  if (!isRevision(requested) || requested === MODERN_REVISION) return NEWEST_LEGACY
  return requested
}

export function initializeResult(id: Buffer, revision: LegacyRevision, face: ServerFace): Buffer {
  return response(id, [
    raw(`"protocolVersion":"${revision}"`),
    member('capabilities', face.capabilities),
    member('serverInfo', face.serverInfo),
    ...instructions(face),
  ])
}

export function discoverResult(id: Buffer, face: ServerFace, cache: CacheHint = UNCACHED): Buffer {
  return response(id, [
    ...modern(face.serverInfo, cache),
    raw(`"supportedVersions":${JSON.stringify(REVISIONS.toReversed().filter((each) => eraOf(each) === 'modern'))}`),
    member('capabilities', face.capabilities),
    ...instructions(face),
  ])
}

/** One page of a list from ready bytes. */
export interface ListAnswer {
  readonly era: Era
  readonly key: 'tools' | 'prompts' | 'resources' | 'resourceTemplates'
  /** The JSON array, brackets included. */
  readonly items: Buffer
  readonly nextCursor?: string | undefined
  readonly serverInfo: Buffer
  readonly cache?: CacheHint
}

/** In pieces, so that a long list is written from where it lies. */
export function listResult(id: Buffer, list: ListAnswer): readonly Buffer[] {
  const head = list.era === 'modern' ? modern(list.serverInfo, list.cache ?? UNCACHED) : []
  if (list.nextCursor !== undefined) head.push(raw(`"nextCursor":${JSON.stringify(list.nextCursor)}`))
  const members = head.flatMap((each) => [each, COMMA])
  const open = Buffer.concat([raw('{"jsonrpc":"2.0","id":'), id, raw(',"result":{'), ...members, raw(`"${list.key}":`)])
  return [open, list.items, CLOSE_RESULT]
}

/** For ping, logging/setLevel and whatever else says only that it was done. */
export function emptyResult(id: Buffer, era: Era, serverInfo: Buffer): Buffer {
  return response(id, era === 'modern' ? modern(serverInfo, undefined) : [])
}

/** Whom an error is for: the id as the client wrote it, where it could be read. */
export interface ErrorAudience {
  readonly id?: Buffer | undefined
  readonly era: Era
  readonly method?: string | undefined
}

/** The JSON-RPC body of a failure, with the code that exists in the client's era. */
export function errorBody(error: GatewayError, to: ErrorAudience): Buffer {
  const { message } = error.toPublic()
  const data = error.data ?? (error.field === undefined ? undefined : { field: error.field })
  const body = JSON.stringify({ code: errorCode(error, to), message, ...(data && { data }) })
  // A modern answer to what has no id leaves it out; a legacy one says null, as JSON-RPC does.
  const id = to.id ?? (to.era === 'legacy' ? NULL : undefined)
  const head = id === undefined ? [raw('"jsonrpc":"2.0"')] : [raw('"jsonrpc":"2.0"'), member('id', id)]
  return object([...head, raw(`"error":${body}`)])
}

/** −32020 … −32022 exist since 2026-07-28; before it, a resource that is not there had a code of its own. */
export function errorCode(error: GatewayError, to: ErrorAudience): number {
  const code: number = ERROR_CODES[error.code].rpc
  if (to.era === 'modern') return code
  if (error.code === 'not_found' && to.method === 'resources/read') return -32002
  if (error.code === 'missing_capability') return -32603
  return error.code === 'header_mismatch' || error.code === 'unsupported_version' ? -32600 : code
}

function modern(serverInfo: Buffer, cache: CacheHint | undefined): Buffer[] {
  const members = [raw('"resultType":"complete"'), member('_meta', object([member(SERVER_INFO, serverInfo)]))]
  if (cache !== undefined) members.push(raw(`"ttlMs":${String(cache.ttlMs)},"cacheScope":"${cache.scope}"`))
  return members
}

function instructions(face: ServerFace): Buffer[] {
  return face.instructions === undefined ? [] : [raw(`"instructions":${JSON.stringify(face.instructions)}`)]
}

function response(id: Buffer, members: readonly Buffer[]): Buffer {
  return object([raw('"jsonrpc":"2.0"'), member('id', id), member('result', object(members))])
}

function member(key: string, value: Buffer): Buffer {
  return Buffer.concat([raw(`"${key}":`), value])
}

function raw(text: string): Buffer {
  return Buffer.from(text)
}
