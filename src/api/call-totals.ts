import type { TSchema } from 'typebox'
import { Type } from './type.ts'

/** Sums over the calls of one thing, or of all things of a kind. Times in ms; null where there was no call. */
export interface Totals {
  readonly calls: number
  readonly failures: number
  readonly totalMs: number
  readonly minMs: number | null
  readonly maxMs: number | null
  /** ISO 8601. */
  readonly lastAt: string | null
}

export const NO_CALLS: Totals = { calls: 0, failures: 0, totalMs: 0, minMs: null, maxMs: null, lastAt: null }

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const METRICS = {
  totalExecutions: Type.Integer(),
  successfulExecutions: Type.Integer(),
  failedExecutions: Type.Integer(),
  failureRate: Type.Number({ description: 'Failed of all, 0 to 1' }),
  minResponseTime: nullable(Type.Number({ description: 'Seconds' })),
  maxResponseTime: nullable(Type.Number({ description: 'Seconds' })),
  avgResponseTime: nullable(Type.Number({ description: 'Seconds' })),
  lastExecutionTime: nullable(Type.String({ format: 'date-time' })),
}

/** The shape that clients expect of any metrics; times in seconds. */
export function metricsOf(totals: Totals = NO_CALLS): Record<keyof typeof METRICS, unknown> {
  const { calls, failures, totalMs, minMs, maxMs, lastAt } = totals
  return {
    totalExecutions: calls,
    successfulExecutions: calls - failures,
    failedExecutions: failures,
    failureRate: calls === 0 ? 0 : failures / calls,
    minResponseTime: seconds(minMs),
    maxResponseTime: seconds(maxMs),
    avgResponseTime: calls === 0 ? null : seconds(totalMs / calls),
    lastExecutionTime: lastAt,
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

/** An entity with its own metrics, where it was asked for them. */
export function withMetrics(
  view: Readonly<Record<string, unknown>>,
  totals: Totals | undefined,
): Readonly<Record<string, unknown>> {
  const metrics = metricsOf(totals)
  const counted = Object.hasOwn(view, 'executionCount') ? { executionCount: metrics.totalExecutions } : {}
  return { ...view, ...counted, metrics }
}
