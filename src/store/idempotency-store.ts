import { sql, type QueryCreator } from 'kysely'
import type { UserId } from '#/access/ids.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import type { Remembered } from '#/api/idempotency.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Schema } from './schema.ts'
import type { Database, Reader, WriteTx } from './store.ts'

interface KeyOfCreate {
  readonly userId: UserId
  readonly idempotency: Idempotency | null
  readonly targetId: string
}

/** The keys of creates, kept by the statement that creates; nothing where the client sent none. */
export function rememberKeys(db: QueryCreator<Schema>, creates: readonly KeyOfCreate[]) {
  const rows = creates.flatMap(({ userId, idempotency, targetId }) =>
    idempotency === null ? [] : [{ userId, key: idempotency.key, hash: idempotency.hash.toString('hex'), targetId }],
  )
  return db.insertInto('idempotency_keys').columns(['user_id', 'key', 'request_hash', 'target_id'])
    .expression(sql`SELECT k."userId", k.key, decode(k.hash, 'hex'), k."targetId"
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS k ("userId" text, key text, hash text, "targetId" text)`)
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

/**
 * Takes the key for `targetId` in the transaction that makes the target. Answers the id that the same request made earlier, if
 * it did; a request that runs at the same time is waited for. Throws where the key was used for another request.
 */
export async function takeIdempotencyKey(
  tx: WriteTx,
  idempotency: Idempotency,
  { userId, targetId }: { readonly userId: UserId; readonly targetId: string },
): Promise<string | undefined> {
  const row = await tx.sql
    .insertInto('idempotency_keys')
    .values({ user_id: userId, key: idempotency.key, request_hash: idempotency.hash, target_id: targetId })
    // Changes nothing, but answers the row that is there, even one that was committed while this one waited.
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet({ key: sql`excluded.key` }))
    .returning(['target_id', 'request_hash'])
    .executeTakeFirstOrThrow()
  if (row.target_id === targetId) return undefined
  if (row.request_hash.equals(idempotency.hash)) return row.target_id
  throw new GatewayError('invalid_field', 'this Idempotency-Key was used for a different request; use a new key', {
    field: 'Idempotency-Key',
  })
}

/** Forgets keys older than a day, a slice at a time. Answers how many are gone. */
export async function forgetIdempotencyKeys(db: Database, sliceSize = 5_000): Promise<number> {
  const { count } = await db.statement(
    'idempotency',
    () => sql`
      DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '1 day' LIMIT ${sliceSize}))`,
  )
  return count
}
