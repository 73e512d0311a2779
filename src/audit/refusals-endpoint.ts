import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { AuditDeps } from './audit.ts'
import type { SecurityRecord } from './security.ts'

const KINDS = ['unauthenticated', 'forbidden', 'sign_in_failed'] as const
const nullableText = Type.Union([Type.String(), Type.Null()])
const RefusalView = Type.Object(
  {
    seq: Type.Integer(),
    at: Type.String({ format: 'date-time', description: 'Of the first' }),
    last_at: Type.String({ format: 'date-time' }),
    kind: Type.String({ description: `One of ${KINDS.join(', ')}` }),
    user_id: nullableText,
    user_email: Type.Union([Type.String(), Type.Null()], {
      description: 'null: nobody knows who it was, or it is gone',
    }),
    network: Type.Union([Type.String(), Type.Null()], {
      description: 'An address, of IPv6 the /64; null: of several',
    }),
    why: Type.String(),
    path: nullableText,
    request_id: nullableText,
    times: Type.Integer({ description: 'How often, within a few seconds' }),
  },
  { title: 'Refusal' },
)

export function refusalsEndpoint({ security, snapshot }: Pick<AuditDeps, 'security' | 'snapshot'>): Endpoint {
  const emailOf = (id: string | null): string | null => (id === null ? null : (snapshot().user(id)?.email ?? null))
  return endpoint({
    route: 'GET /audit/refusals',
    permission: 'admin.security_audit',
    tag: 'audit',
    summary: 'Who was not let in, or not let do something, newest first',
    description: 'Bounded and sampled: what is alike is counted together. Stored within ten seconds, kept for 90 days.',
    query: Type.Object({
      kind: Type.Optional(Type.Union(KINDS.map((kind) => Type.Literal(kind)))),
      before: Type.Optional(Type.Integer({ minimum: 1, description: 'next_before of the page before' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    }),
    reply: Type.Object({
      refusals: Type.Array(RefusalView),
      next_before: Type.Union([Type.Integer(), Type.Null()], { description: 'null: these were the oldest' }),
    }),
    handle: async ({ query: { kind = null, before = null, limit = 50 } }) => {
      const found = await security.page(kind, before, limit + 1)
      const refusals = found.slice(0, limit)
      const next = found.length > limit ? (refusals.at(-1)?.seq ?? null) : null
      return {
        body: {
          refusals: refusals.map((one) => ({ ...viewOf(one), user_email: emailOf(one.userId) })),
          next_before: next,
        },
      }
    },
  })
}

function viewOf({
  seq,
  at,
  lastAt,
  kind,
  userId,
  network,
  why,
  path,
  requestId,
  times,
}: SecurityRecord): Omit<Static<typeof RefusalView>, 'user_email'> {
  const when = { at: at.toISOString(), last_at: lastAt.toISOString() }
  return { seq, ...when, kind, user_id: userId, network, why, path, request_id: requestId, times }
}
