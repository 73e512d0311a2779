import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { assess } from './security-checks.ts'
import type { SecurityFacts } from './security-facts.ts'

/** Looks at what is so now. */
export type SecurityLook = () => Promise<SecurityFacts>

const Text = Type.String()
const Found = Type.Object(
  {
    check: Text,
    level: Type.Union([Type.Literal('ok'), Type.Literal('warning')]),
    message: Text,
    advice: Type.Optional(Type.String({ description: 'What to do about it' })),
  },
  { title: 'SecurityFinding' },
)

/** What is less is no place for the keys of others. */
const ENOUGH = 60

export function securityEndpoint(look: SecurityLook): Endpoint {
  return endpoint({
    route: 'GET /health/security',
    permission: 'admin.security_audit',
    rootOnly: true,
    tag: 'system',
    summary: 'How safe this instance is, and what would make it safer',
    description:
      'Looks at the settings, the keys, the administrators’ passwords, the end of the audit log, and at what the catalog holds. `causeway doctor` shows the same.',
    reply: Type.Object(
      {
        status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')], {
          description: `healthy: the score is ${ENOUGH} or more`,
        }),
        score: Type.Integer({ description: 'Of 100, by the weight of what is as it should be' }),
        checks: Type.Record(Text, Type.Boolean(), { description: 'Whether each is as it should be' }),
        warning_count: Type.Integer(),
        timestamp: Type.String({ format: 'date-time' }),
        warnings: Type.Array(Text),
        findings: Type.Array(Found),
      },
      { title: 'SecurityHealth' },
    ),
    handle: async () => {
      const { score, findings } = assess(await look())
      const warnings = findings.filter(({ level }) => level !== 'ok').map(({ message }) => message)
      const body = {
        status: score >= ENOUGH ? 'healthy' : 'unhealthy',
        score,
        checks: Object.fromEntries(findings.map(({ check, level }) => [check, level === 'ok'])),
        warning_count: warnings.length,
        timestamp: new Date().toISOString(),
        warnings,
        findings,
      }
      return { body }
    },
  })
}
