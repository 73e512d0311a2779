import { Type } from 'typebox'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { AuditReader } from './audit.ts'
import type { SecurityReader } from './security.ts'
import { verifyAuditChain } from './verify-chain.ts'
import { verifySecurityLog } from './verify-security.ts'

const nullableNumber = Type.Union([Type.Integer(), Type.Null()])
const Verdict = {
  intact: Type.Boolean(),
  records: Type.Integer({ description: 'That were good' }),
  seq: Type.Optional(Type.Union([Type.Integer(), Type.Null()], { description: 'Where it shows first' })),
  why: Type.Optional(Type.String()),
}

export function verifyEndpoint(reader: AuditReader, security: SecurityReader): Endpoint {
  return endpoint({
    route: 'GET /audit/verify',
    permission: 'admin.security_audit',
    tag: 'audit',
    summary: 'Whether the records of changes and of refusals are as they were written',
    description:
      'Goes through all of them: finds records that were changed, deleted, inserted, moved or cut off, and says where it shows first.',
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
        security_log: Type.Object(Verdict),
      },
      { title: 'AuditVerdict' },
    ),
    handle: async ({ query: { head }, request: { signal } }) => {
      const noted = head === undefined ? undefined : Buffer.from(head, 'hex')
      const verdict = await verifyAuditChain(reader, { noted, signal })
      const refusals = await verifySecurityLog(security, reader.nextHead, signal)
      if (!verdict.intact) return { body: { ...verdict, security_log: refusals } }
      const { forgottenThrough, ...rest } = verdict
      return { body: { ...rest, forgotten_through: forgottenThrough, security_log: refusals } }
    },
  })
}
