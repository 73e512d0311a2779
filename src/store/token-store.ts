import { sql, type RawBuilder } from 'kysely'
import type { TokenId, UserId } from '#/access/ids.ts'
import type { Owned } from '#/access/principal.ts'
import type { Token } from '#/tokens/token.ts'
import type { Before, TokenFilter, TokenReader, TokenWriter } from '#/tokens/token-store.ts'
import { olderThan } from './columns.ts'
import { hasEmail } from './email-keys.ts'
import { cutPage } from './page.ts'
import { tokensSeenBy } from './seen.ts'
import { shared } from './shared.ts'
import type { Database } from './store.ts'
import { live, tokenOf, tokenQuery } from './token-rows.ts'
import { tokenWriter } from './token-writes.ts'

const SOURCE = 'tokens'

/** API tokens in PostgreSQL. */
export function tokenStore(db: Database): TokenReader & TokenWriter {
  return { ...reading(db), ...tokenWriter(db) }
}

function reading(db: Database): TokenReader {
  const read = db.read(SOURCE)
  // Many do something in the name of the same token at the same time.
  const owns = shared(async (ids: readonly TokenId[]) => {
    const rows = await tokenQuery(read)
      .where(sql<boolean>`t.id = ANY(${ids})`)
      .where(live('t'))
      .execute()
    return new Map(rows.map((row) => [row.id as TokenId, tokenOf(row)]))
  }, 100)
  const one = async (where: RawBuilder<boolean>): Promise<Token | undefined> => {
    const row = await tokenQuery(read).where(where).where('t.session_id', 'is', null).executeTakeFirst()
    return row && tokenOf(row)
  }
  return {
    page: async ({ limit, after, includeInactive }, { offset, ...filter }) => {
      // The count is a part of every row, and of a row of its own where a page is empty.
      const total = sql<number>`(SELECT count(*)::int FROM tokens AS t WHERE ${inPage(includeInactive, filter)})`
      const rows = await tokenQuery(read)
        .select(total.as('total'))
        .where(inPage(includeInactive, filter))
        .$if(after !== null, (query) => query.where(olderThan('t', after ?? { createdAt: '', id: '' })))
        .orderBy('t.created_at', 'desc')
        .orderBy('t.id', 'desc')
        .$if(limit !== null, (query) => query.limit((limit ?? 0) + 1))
        .offset(offset)
        .execute()
      const counted = rows[0]?.total ?? (await read.selectNoFrom(total.as('total')).executeTakeFirstOrThrow()).total
      return { ...cutPage(rows.map(tokenOf), limit), total: counted }
    },
    seen: async (id, { sight }) => await one(sql<boolean>`t.id = ${id} AND ${tokensSeenBy(sight)}`),
    byId: async (id) => await one(sql<boolean>`t.id = ${id}`),
    userId: async (email) => {
      const row = await read.selectFrom('users').select('id').where(hasEmail('email', email)).executeTakeFirst()
      return row?.id as UserId | undefined
    },
    before: async ({ ownId, targetId, serverId, by }) => {
      if (targetId === null && serverId === null)
        return { own: await owns(ownId), target: undefined, server: undefined }
      const rows = await tokenQuery(read)
        .select([live('t').as('live'), serverJson(serverId).as('server')])
        .where(sql<boolean>`(t.id = ${ownId} OR (t.id = ${targetId}::text AND ${tokensSeenBy(by.sight)}))`)
        .execute()
      return beforeOf(
        rows.map((row) => ({ token: tokenOf(row), ...row })),
        { ownId, targetId },
      )
    },
  }
}

function inPage(includeInactive: boolean, { userId, teamId }: Omit<TokenFilter, 'offset'>): RawBuilder<boolean> {
  return sql`t.session_id IS NULL AND (${includeInactive} OR (t.is_active AND t.revoked_at IS NULL)) AND (${userId}::text IS NULL OR t.user_id = ${userId})
    AND (${teamId ?? null}::text IS NULL OR t.team_id = ${teamId ?? null})`
}

/** The server stands in every row, as whatever is decided about needs the token in hand. */
function serverJson(serverId: string | null): RawBuilder<Owned | null> {
  return sql`(SELECT json_build_object('ownerId', owner_id, 'teamId', team_id, 'visibility', visibility)
    FROM servers WHERE id = ${serverId}::text)`
}

function beforeOf(
  rows: readonly { readonly token: Token; readonly live: boolean; readonly server: Owned | null }[],
  { ownId, targetId }: { readonly ownId: TokenId; readonly targetId: TokenId | null },
): Before {
  return {
    own: rows.find((row) => row.token.id === ownId && row.live)?.token,
    target: rows.find((row) => row.token.id === targetId && !row.token.isSession)?.token,
    server: rows[0]?.server ?? undefined,
  }
}
