import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { AuditDeps } from './audit.ts'
import { FINDINGS, type Finding } from './verdict.ts'
import { verifyAuditChain } from './verify-chain.ts'
import { verifySecurityLog } from './verify-security.ts'

const nullableNumber = Type.Union([Type.Integer(), Type.Null()])
const Verdict = {
  intact: Type.Boolean(),
  records: Type.Integer({ description: 'That were good' }),
  seq: Type.Optional(Type.Union([Type.Integer(), Type.Null()], { description: 'Where it shows first' })),
  found: Type.Optional(Type.Union((Object.keys(FINDINGS) as Finding[]).map((name) => Type.Literal(name)))),
  why: Type.Optional(Type.String()),
}

export function verifyEndpoint({ reader, security, openKey, witness }: AuditDeps): Endpoint {
  return endpoint({
    route: 'GET /audit/verify',
    permission: 'admin.security_audit',
    tag: 'audit',
    summary: 'Whether the records of changes and of refusals are as they were written',
    description:
      'Goes through all of them: finds records that were changed, deleted, inserted, moved or cut off, and a log that was put back to an older state, and says where it shows first.',
    query: Type.Object({
      head: Type.Optional(
        Type.String({
          pattern: '^[0-9a-fA-F]{64}$',
          description: 'A head that an earlier verification or the log told: it must still be one of this record’s',
        }),
      ),
    }),
    reply: Type.Object(
      {
        ...Verdict,
        head: Type.Optional(
          Type.String({ description: 'Note it elsewhere: later it shows that nothing was written anew' }),
        ),
        forgotten_through: Type.Optional(nullableNumber),
        sealed_from: Type.Optional(
          Type.Union([Type.Integer(), Type.Null()], {
            description:
              'The first record with a seal; what is before it was written before there were seals. null: none has one',
          }),
        ),
        security_log: Type.Object(Verdict),
      },
      { title: 'AuditVerdict' },
    ),
    handle: async ({ query: { head }, request: { signal } }) => {
      const noted = head === undefined ? undefined : Buffer.from(head, 'hex')
      // Before the log is looked at: what this machine knows of it now is in there then.
      const known = await witness()
      const verdict = await verifyAuditChain(reader, { openKey, witness: known, noted, signal })
      const refusals = await verifySecurityLog(security, { audit: reader, openKey, signal })
      if (!verdict.intact) return { body: { ...verdict, security_log: refusals } }
      const { forgottenThrough, sealedFrom, ...rest } = verdict
      const more = { forgotten_through: forgottenThrough, sealed_from: sealedFrom }
      return { body: { ...rest, ...more, security_log: refusals } }
    },
  })
}
