import { Readable } from 'node:stream'
import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { accessDiffEndpoint } from './access-diff-endpoint.ts'
import type { AuditDeps, AuditFilter, AuditReader, AuditRecord } from './audit.ts'
import { FORMATS, LINES, type Format } from './export-lines.ts'
import { refusalsEndpoint } from './refusals-endpoint.ts'
import { timeOf } from './since.ts'
import { verifyEndpoint } from './verify-endpoint.ts'

const tag = 'audit'
const permission = 'admin.security_audit'
const time = Type.String({ format: 'date-time' })

const Filter = {
  actor: Type.Optional(Type.String({ maxLength: 320, description: 'Who did it, as records name them' })),
  action: Type.Optional(
    Type.String({ maxLength: 100, description: 'An action such as gateways.update, or its noun: gateways' }),
  ),
  target_kind: Type.Optional(Type.String({ maxLength: 100, description: 'To what: gateway, token, user, …' })),
  target_id: Type.Optional(Type.String({ maxLength: 2048 })),
  since: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601, or how long ago: 90m, 2h, 7d; included' })),
  until: Type.Optional(Type.String({ maxLength: 40, description: 'The same; not included' })),
}
const FilterObject = Type.Object(Filter)

const RecordView = Type.Object(
  {
    seq: Type.Integer({ description: 'In the order in which they happened, with gaps' }),
    at: time,
    actor: Type.String(),
    action: Type.String(),
    target_kind: Type.String(),
    target_id: Type.String(),
    detail: Type.Record(Type.String(), Type.Unknown()),
  },
  { title: 'AuditRecord' },
)

/** Reading, checking and taking away the record of administrative changes and of refusals. Nothing changes it. */
export function auditEndpoints(deps: AuditDeps): readonly Endpoint[] {
  const { reader } = deps
  return [listing(reader), verifyEndpoint(deps), exporting(reader), refusalsEndpoint(deps), accessDiffEndpoint(deps)]
}

function listing(reader: AuditReader): Endpoint {
  return endpoint({
    route: 'GET /audit',
    permission,
    tag,
    summary: 'Administrative changes, newest first',
    query: Type.Object({
      ...Filter,
      before: Type.Optional(Type.Integer({ minimum: 1, description: 'next_before of the page before' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    }),
    reply: Type.Object({
      records: Type.Array(RecordView),
      next_before: Type.Union([Type.Integer(), Type.Null()], { description: 'null: these were the oldest' }),
    }),
    handle: async ({ query }) => {
      const { before = null, limit = 50 } = query
      const found = await reader.page(filterOf(query), before, limit + 1)
      const records = found.slice(0, limit)
      const more = found.length > limit
      return { body: { records: records.map(viewOf), next_before: more ? (records.at(-1)?.seq ?? null) : null } }
    },
  })
}

function exporting(reader: AuditReader): Endpoint {
  return endpoint({
    route: 'GET /audit/export',
    permission,
    tag,
    summary: 'Administrative changes as a file, oldest first',
    description: 'JSON lines with the hashes of the chain, or CSV whose cells no spreadsheet takes for formulas.',
    query: Type.Object({
      ...Filter,
      format: Type.Optional(
        Type.Union(
          FORMATS.map((format) => Type.Literal(format)),
          { default: 'jsonl' },
        ),
      ),
    }),
    reply: Type.String(),
    replyType: 'application/jsonl',
    handle: async ({ query }) => {
      const format: Format = query.format ?? 'jsonl'
      const { seq: last } = await reader.tip()
      const text = exported(reader, { filter: filterOf(query), format, last: last ?? 0 })
      const headers = {
        'content-type': LINES[format].type,
        'content-disposition': `attachment; filename="causeway-audit.${format}"`,
      }
      return { headers, body: Readable.from(text, { objectMode: false }) }
    },
  })
}

const SLICE = 500

/** A slice is read when the one before it was taken: a slow reader holds nothing but its place. */
async function* exported(
  reader: AuditReader,
  { filter, format, last }: { readonly filter: AuditFilter; readonly format: Format; readonly last: number },
): AsyncGenerator<string> {
  const { first, line } = LINES[format]
  if (first !== '') yield first
  let after = 0
  for (;;) {
    const slice = await reader.chain({ after, last, limit: SLICE }, filter)
    const newest = slice.at(-1)
    if (newest === undefined) return
    yield slice.map(line).join('')
    if (slice.length < SLICE) return
    after = newest.seq
  }
}

function filterOf(query: Static<typeof FilterObject>): AuditFilter {
  const { actor, action, target_kind: targetKind, target_id: targetId, since, until } = query
  return { actor, action, targetKind, targetId, since: dateOf('since', since), until: dateOf('until', until) }
}

function dateOf(field: string, given: string | undefined): Date | undefined {
  return given === undefined ? undefined : new Date(timeOf(field, given, Date.now()))
}

function viewOf({ seq, at, actor, action, targetKind, targetId, detail }: AuditRecord): Static<typeof RecordView> {
  const parsed = JSON.parse(detail) as Record<string, unknown>
  return { seq, at: at.toISOString(), actor, action, target_kind: targetKind, target_id: targetId, detail: parsed }
}
