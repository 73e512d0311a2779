import { Type } from '#/api/type.ts'
import { can } from '#/access/allow.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { CallReader, KeptCall } from './kept-call.ts'

export interface CallDeps {
  readonly calls: CallReader
}

const nullableText = Type.Union([Type.String(), Type.Null()])
const milliseconds = Type.Number({ description: 'Milliseconds' })
const CallView = Type.Object(
  {
    request_id: Type.String(),
    at: Type.String({ format: 'date-time', description: 'When it ended' }),
    user: nullableText,
    token: nullableText,
    method: Type.String(),
    kind: Type.String({ description: 'tool, prompt, resource or other' }),
    target_id: nullableText,
    target: nullableText,
    gateway_id: nullableText,
    gateway: nullableText,
    server: nullableText,
    client_era: Type.String({ description: 'legacy or modern' }),
    upstream_era: nullableText,
    snapshot_seq: Type.Integer({ description: 'Which state of the catalog answered' }),
    rule: Type.String({
      description: 'What access decided by; none: it came no further, and why is told to whoever sees everything',
    }),
    definition: Type.Union([Type.String(), Type.Null()], { description: 'Digest of the definition that was called' }),
    attempts: Type.Integer(),
    queue_ms: milliseconds,
    upstream_ms: milliseconds,
    gateway_ms: milliseconds,
    total_ms: milliseconds,
    request_bytes: Type.Integer(),
    response_bytes: Type.Integer(),
    outcome: Type.String({ description: 'ok, tool_error, upstream_error or the code of a refusal' }),
    may_have_run: Type.Boolean({ description: 'The server may have carried it out although no answer says so' }),
  },
  { title: 'Call' },
)

/** What became of one call, by the id that its answer carried. */
export function callEndpoints({ calls }: CallDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /calls/{request_id}',
      permission: 'access.read',
      tag: 'metrics',
      summary: 'What became of a call',
      description:
        'Your own calls; everybody’s for those who may read metrics. A record is stored within a second after its call.',
      params: Type.Object({ request_id: Type.String({ description: 'X-Request-Id of the answer' }) }),
      reply: Type.Object({ calls: Type.Array(CallView) }),
      handle: async ({ params, principal }) => {
        const everybodys = can(principal, 'admin.metrics', null) !== null
        const found = await calls.byRequestId(params.request_id, everybodys ? null : principal.userId)
        if (found.length === 0)
          throw new GatewayError('not_found', 'no record of a call of yours has this id', { field: 'request_id' })
        return { body: { calls: found.map((call) => viewOf(call, principal.isAdmin)) } }
      },
    }),
  ]
}

/** What refused a call may be that something is hidden: then only who sees everything is told. */
function ruleFor({ rule }: KeptCall, seesAll: boolean): string {
  return rule.startsWith('refused: ') && !seesAll ? 'none' : rule
}

function viewOf(call: KeptCall, seesAll: boolean): Record<string, unknown> {
  const { queueMs, upstreamMs, totalMs } = call
  return {
    request_id: call.requestId,
    at: call.at,
    user: call.user,
    token: call.token,
    method: call.method,
    kind: call.kind,
    target_id: call.targetId,
    target: call.target,
    gateway_id: call.gatewayId,
    gateway: call.gateway,
    server: call.server,
    client_era: call.clientEra,
    upstream_era: call.upstreamEra,
    snapshot_seq: call.snapshotSeq,
    rule: ruleFor(call, seesAll),
    definition: call.digest,
    attempts: call.attempts,
    queue_ms: queueMs,
    upstream_ms: upstreamMs,
    gateway_ms: Math.max(0, Math.round((totalMs - queueMs - upstreamMs) * 1000) / 1000),
    total_ms: totalMs,
    request_bytes: call.requestBytes,
    response_bytes: call.responseBytes,
    outcome: call.outcome,
    may_have_run: call.mayHaveRun,
  }
}
