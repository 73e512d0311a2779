import type { CompiledQuery, OperationNode } from 'kysely'
import type { Limit } from './connection.ts'
import type { ConnectionPool } from './pool.ts'
import { kyselyOver } from './dialect.ts'
import { sourceComment } from './source.ts'
import type { Reader } from './store.ts'

/** A Kysely that can only select. Each execute() borrows a connection for its one statement and always gives it back. */
export function reader(pool: ConnectionPool, source: string, limit: Limit): Reader {
  const comment = sourceComment(source)
  return kyselyOver(async (query) => {
    assertSelect(query, source)
    using connection = await pool.borrow(`a read of '${source}'`)
    return await connection.run(comment + query.sql, query.parameters, limit)
  }) as unknown as Reader
}

/** The types forbid it already; this holds when a cast or raw SQL got past them. */
function assertSelect({ query }: CompiledQuery, source: string): void {
  const parts: readonly OperationNode[] = query.kind === 'SelectQueryNode' ? (query.with?.expressions ?? []) : [query]
  for (const part of parts) {
    const kind =
      part.kind === 'CommonTableExpressionNode'
        ? (part as unknown as { expression: OperationNode }).expression.kind
        : part.kind
    if (kind !== 'SelectQueryNode' && kind !== 'RawNode')
      throw new TypeError(`a read of '${source}' is no select: ${kind}`)
    if (part === query) throw new TypeError(`a read of '${source}' must begin as a select`)
  }
}
