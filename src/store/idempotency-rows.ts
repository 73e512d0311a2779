import { sql, type QueryCreator } from 'kysely'
import type { UserId } from '#/access/ids.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import type { Remembered } from '#/api/idempotency.ts'
import type { Schema } from './schema.ts'
import type { Reader } from './store.ts'

/** The key of a create, kept by the statement that creates; nothing where the client sent none. */
export function rememberKey(
  db: QueryCreator<Schema>,
  {
    userId,
    idempotency,
    targetId,
  }: { readonly userId: UserId; readonly idempotency: Idempotency | null; readonly targetId: string },
) {
  const row = db
    .selectNoFrom([
      sql<string>`${userId}::text`.as('user_id'),
      sql<string>`${idempotency?.key ?? null}::text`.as('key'),
      sql<Buffer>`${idempotency?.hash ?? null}::bytea`.as('request_hash'),
      sql<string>`${targetId}::text`.as('target_id'),
    ])
    .where(sql<boolean>`${idempotency !== null}::boolean`)
  return db.insertInto('idempotency_keys').columns(['user_id', 'key', 'request_hash', 'target_id']).expression(row)
}

export async function readRemembered(read: Reader, userId: UserId, key: string): Promise<Remembered | undefined> {
  const row = await read
    .selectFrom('idempotency_keys')
    .select(['target_id', 'request_hash'])
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row && { targetId: row.target_id, hash: row.request_hash }
}
