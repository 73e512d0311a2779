import { Type } from '#/api/type.ts'

/** What was done with a token, by method of MCP, or by route where it was not let through; most first. */
export type TokenUsage = readonly {
  readonly method: string
  /** Those of which there is a record, also of a refusal. */
  readonly calls: number
  readonly failures: number
  /** What was not allowed: of the calls that failed, and of requests that became none. */
  readonly blocked: number
  readonly totalMs: number
}[]

export const TokenUsageView = Type.Object(
  {
    period_days: Type.Integer(),
    total_requests: Type.Integer({
      description: 'Calls of tools, prompts and resources, and what was not let through',
    }),
    successful_requests: Type.Integer(),
    blocked_requests: Type.Integer({ description: 'Not allowed, or calls of what was not visible' }),
    success_rate: Type.Number({ description: 'Of the successful ones, in percent' }),
    average_response_time_ms: Type.Number(),
    top_endpoints: Type.Array(Type.Array(Type.Unknown()), { description: '[method or route, requests], most first' }),
  },
  { title: 'TokenUsage' },
)

const TOP = 10

/** A request that was not let through may have become no call. */
const requestsIn = ({ calls, blocked }: TokenUsage[number]): number => Math.max(calls, blocked)

export function tokenUsageView(usage: TokenUsage, days: number): Record<string, unknown> {
  const sum = (of: (row: TokenUsage[number]) => number): number => usage.reduce((all, row) => all + of(row), 0)
  const [requests, calls, failures] = [sum(requestsIn), sum((row) => row.calls), sum((row) => row.failures)]
  const top = usage.toSorted((a, b) => requestsIn(b) - requestsIn(a)).slice(0, TOP)
  return {
    period_days: days,
    total_requests: requests,
    successful_requests: calls - failures,
    blocked_requests: sum(({ blocked }) => blocked),
    success_rate: requests === 0 ? 0 : rounded((100 * (calls - failures)) / requests),
    average_response_time_ms: calls === 0 ? 0 : rounded(sum(({ totalMs }) => totalMs) / calls),
    top_endpoints: top.map((row) => [row.method, requestsIn(row)]),
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100
