import { Type } from '#/api/type.ts'
import { effectsView } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { rewound } from './access-diff.ts'
import type { AuditDeps } from './audit.ts'
import { sinceOf } from './since.ts'

const KIND = Type.Union([Type.Literal('tool'), Type.Literal('prompt'), Type.Literal('resource')], { default: 'tool' })
const Effects = Type.Array(Type.Unknown({ description: '{user, tool, tool_id}, with the token or server concerned' }))

const DiffView = Type.Object(
  {
    since: Type.String({ format: 'date-time', description: 'From when on this is the answer' }),
    until: Type.String({ format: 'date-time' }),
    changes: Type.Integer({ description: 'Records that were gone back through' }),
    gains: Effects,
    loses: Effects,
    totals: Type.Object({ gains: Type.Integer(), loses: Type.Integer() }, { description: 'Of all pages' }),
    unnamed: Type.Integer({ description: 'Further ones, of people whom you do not see' }),
    users: Type.Integer({ description: 'Whose access was compared' }),
    is_complete: Type.Boolean({ description: 'false: there are more pages, or not everybody was compared' }),
    next_offset: Type.Union([Type.Integer(), Type.Null()]),
    is_exact: Type.Boolean({ description: 'false: the records do not suffice for some of it, see notes' }),
    notes: Type.Array(Type.String()),
  },
  { title: 'AccessDiff' },
)

/** Who gained and who lost which tool since a time: the difference of what is and of what the records say was. */
export function accessDiffEndpoint({ reader, snapshot }: AuditDeps): Endpoint {
  return endpoint({
    route: 'GET /access/diff',
    permission: 'admin.security_audit',
    tag: 'audit',
    summary: 'Who has gained and who has lost which tool since a time',
    description:
      'Goes back from what is through the records of what was changed, and asks the function that decides about both. Notes say where the records do not suffice: of what servers no longer offer they say how much it was, not what.',
    query: Type.Object({
      since: Type.String({
        maxLength: 40,
        description: 'ISO 8601, in UTC unless it says something else, or how long ago: 90m, 2h, 7d',
      }),
      kind: Type.Optional(KIND),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
      offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 })),
    }),
    reply: DiffView,
    handle: async ({ query, principal }) => {
      const { kind = 'tool', limit = 100, offset = 0 } = query
      const now = snapshot()
      const { state, from, records } = await rewound(reader, now, { since: sinceOf(query.since, Date.now()), kind })
      const question = { before: state, beforeAt: from, kind, asking: principal, page: { offset, limit } }
      const effects = await effectsOf(now, question)
      const notes = [...state.notes].slice(0, MOST_NOTES)
      if (effects.isCut)
        notes.push(`only ${effects.users} users were compared: more are concerned than one answer holds`)
      return {
        body: {
          since: new Date(from).toISOString(),
          until: new Date().toISOString(),
          changes: records,
          ...effectsView(effects),
          next_offset: effects.next,
          is_exact: state.notes.size === 0,
          notes,
        },
      }
    },
  })
}

const MOST_NOTES = 50
