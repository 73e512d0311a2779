import type { Static } from 'typebox'
import { Type } from './type.ts'
import type { Principal } from '#/access/principal.ts'
import type { Sight } from '#/access/visibility.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { createHash } from 'node:crypto'
import type { Reply } from './endpoint.ts'

export const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 500

/** What every list takes; spread into its own query schema. */
export const PagingQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Entries of a page, at most 500; 0: all of them', default: DEFAULT_LIMIT }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: 'nextCursor of the page before' })),
  include_pagination: Type.Optional(
    Type.Boolean({ description: 'true: an object with the page and nextCursor; false: the bare array' }),
  ),
  include_inactive: Type.Optional(Type.Boolean({ description: 'Also what is switched off' })),
}

const PagingObject = Type.Object(PagingQuery)
export type Paging = Static<typeof PagingObject>

/** Where a page ended: lists run from new to old. `createdAt` is ISO 8601 with microseconds. */
export interface Position {
  readonly createdAt: string
  readonly id: string
}

/** What a store is asked for. limit null: all. */
export interface PageRequest {
  readonly limit: number | null
  readonly after: Position | null
  readonly includeInactive: boolean
  /** Only what this sees; absent: all there is. */
  readonly sight?: Sight
}

/** A page with the position of its last row, or null where nothing follows. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly next: Position | null
}

export function pageRequest(query: Paging, principal: Principal): PageRequest {
  const limit = query.limit ?? DEFAULT_LIMIT
  return {
    limit: limit === 0 ? null : Math.min(limit, MAX_LIMIT),
    after: query.cursor ? openCursor(query.cursor, principal) : null,
    includeInactive: query.include_inactive ?? false,
    sight: principal.visibilityClass.sight,
  }
}

/** The answer in the form the client asked for: the bare array, or an object with the array and nextCursor. */
export function pageReply(options: {
  readonly plural: string
  readonly page: Page<unknown>
  readonly query: Paging
  readonly principal: Principal
}): Reply {
  const { plural, page, query, principal } = options
  if (!query.include_pagination) return { body: page.rows }
  return { body: { [plural]: page.rows, nextCursor: page.next ? makeCursor(page.next, principal) : null } }
}

/** Opaque to clients; carries a mark of the principal, so that a walk cannot be taken over by another one. */
export function makeCursor(position: Position, principal: Principal): string {
  const value = { created_at: position.createdAt, id: position.id, for: markOf(principal) }
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const ISO = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/
const HEX_ID = /^[0-9a-f]{32}$/

export function openCursor(cursor: string, principal: Principal): Position {
  const value = parsed(cursor)
  const { created_at: createdAt, id, for: mark } = value
  if (typeof createdAt !== 'string' || typeof id !== 'string' || !ISO.test(createdAt) || !HEX_ID.test(id))
    throw badCursor('is not one that this server gave out')
  if (mark !== markOf(principal)) throw badCursor('belongs to another token')
  return { createdAt, id }
}

function parsed(cursor: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Not JSON: answered like any other cursor that is not ours.
  }
  throw badCursor('is not one that this server gave out')
}

function badCursor(why: string): GatewayError {
  return new GatewayError('invalid_field', `cursor ${why}; begin again without a cursor`, { field: 'cursor' })
}

function markOf(principal: Principal): string {
  return createHash('sha256').update(principal.key).digest('base64url').slice(0, 12)
}
