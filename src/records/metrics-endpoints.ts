import type { TSchema } from 'typebox'
import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { METRICS, metricsOf } from '#/api/call-totals.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { NamedTotals, TotalsReader } from './totals.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Metrics = Type.Object(METRICS)
const named = { id: Type.String(), name: nullable(Type.String()), gatewayId: nullable(Type.String()) }
const NamedMetrics = Type.Array(Type.Object({ ...named, ...METRICS }))

const Top = Type.Object(
  {
    id: Type.String(),
    name: nullable(Type.String()),
    executionCount: Type.Integer(),
    avgResponseTime: nullable(Type.Number({ description: 'Seconds' })),
    successRate: nullable(Type.Number({ description: 'In per cent' })),
    lastExecution: nullable(Type.String({ format: 'date-time' })),
  },
  { title: 'TopPerformer' },
)

const DEFAULT_LIMIT = 50
const TOP = 5

export interface MetricsDeps {
  readonly totals: TotalsReader
  /** The metrics of all workers, Prometheus text. */
  readonly prometheus: () => Promise<string>
}

export function metricsEndpoints(deps: MetricsDeps): readonly Endpoint[] {
  return [summary(deps), recent(deps), forgetting(deps), scraping(deps)]
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
      topPerformers: Type.Record(Type.String(), Type.Array(Top)),
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
        topPerformers: {
          tools: perTool.slice(0, TOP).map(topOf),
          resources: (await totals.most('resource', TOP)).map(topOf),
          prompts: (await totals.most('prompt', TOP)).map(topOf),
          servers: (await totals.most('server', TOP)).map(topOf),
        },
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

function topOf(totals: NamedTotals): Record<string, unknown> {
  const { totalExecutions, successfulExecutions, avgResponseTime, lastExecutionTime } = metricsOf(totals)
  return {
    id: totals.id,
    name: totals.name,
    executionCount: totalExecutions,
    avgResponseTime,
    successRate: totals.calls === 0 ? null : (Number(successfulExecutions) / totals.calls) * 100,
    lastExecution: lastExecutionTime,
  }
}

const KINDS = ['tool', 'resource', 'prompt', 'server', 'gateway'] as const

function forgetting({ totals }: MetricsDeps): Endpoint {
  return endpoint({
    route: 'POST /metrics/reset',
    permission: 'admin.metrics',
    summary: 'Forget what was counted',
    description: 'Of one thing, of a kind, or of everything. Usage records stay.',
    tag: 'metrics',
    query: Type.Object({
      entity: Type.Optional(Type.String({ description: `One of ${KINDS.join(', ')}` })),
      entity_id: Type.Optional(Type.String()),
    }),
    reply: Type.Object({ status: Type.String(), message: Type.String() }),
    handle: async ({ query: { entity, entity_id: id = null }, principal }) => {
      const kind = entity === undefined ? null : kindOf(entity)
      if (id !== null && kind === null) throw refused('entity_id: say of which kind with entity', 'entity')
      await totals.reset({ kind, id }, principal.email)
      const what = kind === null ? 'all entities' : id === null ? `all ${kind}s` : `${kind} ${id}`
      return { body: { status: 'success', message: `Metrics reset for ${what}` } }
    },
  })
}

function kindOf(entity: string): (typeof KINDS)[number] {
  const kind = KINDS.find((one) => one === entity || `${one}s` === entity)
  if (kind === undefined) throw refused(`entity: must be one of ${KINDS.join(', ')}`, 'entity')
  return kind
}

function refused(message: string, field: string): GatewayError {
  return new GatewayError('invalid_field', message, { field })
}

function scraping({ prometheus }: MetricsDeps): Endpoint {
  return endpoint({
    route: 'GET /metrics/prometheus',
    permission: 'admin.metrics',
    summary: 'The metrics of all workers as scrapers expect them',
    tag: 'metrics',
    reply: Type.String(),
    replyType: 'text/plain; version=0.0.4; charset=utf-8',
    handle: async () => ({ body: Buffer.from(await prometheus()) }),
  })
}
