import { Type, type TSchema } from 'typebox'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { METRICS, metricsOf } from '#/api/call-totals.ts'
import type { NamedTotals, TotalsReader } from './totals.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Metrics = Type.Object(METRICS)
const named = { id: Type.String(), name: nullable(Type.String()), gatewayId: nullable(Type.String()) }
const NamedMetrics = Type.Array(Type.Object({ ...named, ...METRICS }))

const DEFAULT_LIMIT = 50

export interface MetricsDeps {
  readonly totals: TotalsReader
}

export function metricsEndpoints(deps: MetricsDeps): readonly Endpoint[] {
  return [summary(deps), recent(deps)]
}

function summary({ totals }: MetricsDeps): Endpoint {
  return endpoint({
    route: 'GET /metrics',
    permission: 'admin.metrics',
    summary: 'Sums over all calls, per kind, per tool and per gateway',
    tag: 'metrics',
    query: Type.Object({
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 500,
          default: DEFAULT_LIMIT,
          description: 'Tools and gateways, most called first',
        }),
      ),
    }),
    reply: Type.Object({
      tools: Metrics,
      resources: Metrics,
      servers: Metrics,
      prompts: Metrics,
      gateways: Metrics,
      perTool: NamedMetrics,
      perGateway: NamedMetrics,
    }),
    handle: async ({ query: { limit = DEFAULT_LIMIT } }) => {
      const kinds = await totals.byKind()
      const perTool = await totals.most('tool', limit)
      const perGateway = await totals.most('gateway', limit)
      const body = {
        tools: metricsOf(kinds.get('tool')),
        resources: metricsOf(kinds.get('resource')),
        servers: metricsOf(kinds.get('server')),
        prompts: metricsOf(kinds.get('prompt')),
        gateways: metricsOf(kinds.get('gateway')),
        perTool: perTool.map(namedMetrics),
        perGateway: perGateway.map(namedMetrics),
      }
      return { body }
    },
  })
}

const MOST_RECENT_SECONDS = 300

function recent({ totals }: MetricsDeps): Endpoint {
  return endpoint({
    route: 'GET /metrics/recent',
    permission: 'admin.metrics',
    summary: 'The calls of the last seconds, per tool, prompt, resource and gateway',
    tag: 'metrics',
    query: Type.Object({
      seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_RECENT_SECONDS, default: 10 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: DEFAULT_LIMIT })),
    }),
    reply: Type.Array(
      Type.Object({
        kind: Type.String({ description: 'tool, prompt, resource or gateway' }),
        ...named,
        calls: Type.Integer(),
        failures: Type.Integer(),
        p50: Type.Number({ description: 'Seconds, the median' }),
        p99: Type.Number({ description: 'Seconds' }),
        max: Type.Number({ description: 'Seconds' }),
      }),
    ),
    handle: async ({ query: { seconds: span = 10, limit = DEFAULT_LIMIT } }) => {
      const rows = await totals.recent(span, limit)
      return {
        body: rows.map(({ kind, id, name, gatewayId, calls, failures, p50, p99, most }) => ({
          kind,
          id,
          name,
          gatewayId,
          calls,
          failures,
          p50: p50 / 1000,
          p99: p99 / 1000,
          max: most / 1000,
        })),
      }
    },
  })
}

function namedMetrics(totals: NamedTotals): Record<string, unknown> {
  return { id: totals.id, name: totals.name, gatewayId: totals.gatewayId, ...metricsOf(totals) }
}
