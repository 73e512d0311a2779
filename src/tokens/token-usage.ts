import { Type } from 'typebox'

/** Calls with a token, by method, most first. */
export type TokenUsage = readonly {
  readonly method: string
  readonly calls: number
  readonly failures: number
  /** Of the failures: what was not allowed. */
  readonly blocked: number
  readonly totalMs: number
}[]

export const TokenUsageView = Type.Object(
  {
    period_days: Type.Integer(),
    total_requests: Type.Integer({ description: 'Calls of tools, prompts and resources' }),
    successful_requests: Type.Integer(),
    blocked_requests: Type.Integer({ description: 'Not allowed, or of what was not visible' }),
    success_rate: Type.Number({ description: 'Of the successful ones, in percent' }),
    average_response_time_ms: Type.Number(),
    top_endpoints: Type.Array(Type.Array(Type.Unknown()), { description: '[method, calls], most first' }),
  },
  { title: 'TokenUsage' },
)

const TOP = 10

export function tokenUsageView(usage: TokenUsage, days: number): Record<string, unknown> {
  const sum = (of: (row: TokenUsage[number]) => number): number => usage.reduce((all, row) => all + of(row), 0)
  const [calls, failures] = [sum((row) => row.calls), sum((row) => row.failures)]
  return {
    period_days: days,
    total_requests: calls,
    successful_requests: calls - failures,
    blocked_requests: sum(({ blocked }) => blocked),
    success_rate: calls === 0 ? 0 : rounded((100 * (calls - failures)) / calls),
    average_response_time_ms: calls === 0 ? 0 : rounded(sum(({ totalMs }) => totalMs) / calls),
    top_endpoints: usage.slice(0, TOP).map((row) => [row.method, row.calls]),
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100
