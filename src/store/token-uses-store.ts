import { sql } from 'kysely'
import type { TokenUsesSink } from '#/tokens/token-uses.ts'
import type { Database } from './store.ts'

const SOURCE = 'token-uses'

/** What is done with tokens besides calls, in PostgreSQL: one statement for all that there is. */
export function tokenUsesSink(db: Database): TokenUsesSink {
  return {
    store: async (uses, refused) => {
      const marks = [uses.map(({ tokenId }) => tokenId), uses.map(({ at }) => at)] as const
      const names = [refused.map(({ tokenId }) => tokenId), refused.map(({ method }) => method)] as const
      const counts = [refused.map(({ at }) => at), refused.map(({ times }) => times)] as const
      await db.statement(
        SOURCE,
        () => sql`
        WITH used AS (SELECT id, to_timestamp(at / 1000) AS at FROM unnest(${marks[0]}::text[], ${marks[1]}::float8[]) AS u (id, at)),
          due AS (
            SELECT tokens.id FROM tokens JOIN used USING (id)
             WHERE tokens.last_used_at IS NULL OR tokens.last_used_at < used.at - interval '1 minute'
               FOR NO KEY UPDATE OF tokens SKIP LOCKED),
          marked AS (UPDATE tokens SET last_used_at = used.at FROM used JOIN due USING (id) WHERE tokens.id = used.id)
        INSERT INTO token_usage AS t (token_id, hour, method, blocked)
        SELECT token_id, date_trunc('hour', to_timestamp(at / 1000), 'UTC'), method, sum(times)
          FROM unnest(${names[0]}::text[], ${names[1]}::text[], ${counts[0]}::float8[], ${counts[1]}::int[])
            AS r (token_id, method, at, times)
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (token_id, hour, method) DO UPDATE SET blocked = t.blocked + excluded.blocked`,
      )
    },
  }
}
