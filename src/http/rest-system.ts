import { hostname, release, type } from 'node:os'
import { Type } from '#/api/type.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { MODERN_REVISION } from '#/mcp/revision.ts'
import { securityEndpoint, type SecurityLook } from './rest-security.ts'

export interface SystemDeps {
  readonly version: string
  /** What the database's connections are doing, by source. */
  readonly activity: () => Promise<readonly DatabaseActivity[]>
  /** The server's version; throws while it cannot be reached. */
  readonly databaseVersion: () => Promise<string>
  /** How safe this instance is. */
  readonly posture: SecurityLook
}

export interface DatabaseActivity {
  readonly source: string
  readonly state: string
  readonly count: number
  readonly avgAge: number
  readonly maxAge: number
}

const Activity = Type.Array(
  Type.Object(
    {
      source: Type.String({ description: 'The part of the house that sent the last statement' }),
      state: Type.String(),
      count: Type.Integer(),
      avgAge: Type.Number({ description: 'Seconds in this state' }),
      maxAge: Type.Number(),
    },
    { title: 'DatabaseActivity' },
  ),
)

/** What operators ask of the system itself. */
export function systemEndpoints(deps: SystemDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /database/activity',
      permission: 'admin.system_config',
      tag: 'system',
      summary: 'What the connections to the database are doing',
      reply: Activity,
      handle: async () => ({ body: await deps.activity() }),
    }),
    endpoint({
      route: 'GET /version',
      permission: 'admin.system_config',
      tag: 'system',
      summary: 'What runs here',
      reply: Type.Unknown(),
      handle: async () => ({ body: await versions(deps) }),
    }),
    securityEndpoint(deps.posture),
  ]
}

async function versions({ version, databaseVersion }: SystemDeps): Promise<Record<string, unknown>> {
  const server = await databaseVersion().catch(() => null)
  return {
    timestamp: new Date().toISOString(),
    host: hostname(),
    uptime_seconds: Math.round(process.uptime()),
    app: { name: 'Causeway', version, mcp_protocol_version: MODERN_REVISION },
    platform: { node: process.versions.node, os: `${type()} ${release()}` },
    database: { dialect: 'postgresql', reachable: server !== null, server_version: server },
  }
}
