import { jwtConfig, type JwtConfig } from './jwt-config.ts'
import { oidcConfig, type OidcConfig } from './oidc-config.ts'
import { proxyConfig, type ProxyConfig } from './proxy-config.ts'
import { isLoopback, readSettings, type Origins, type Source } from './read-settings.ts'
import { thisMachine, type Env, type Machine } from './env.ts'
import type { SettingName, Values } from './settings.ts'

/** Everything an operator can decide, validated and complete. Times in ms, sizes in bytes. */
export interface Config {
  readonly http: {
    /** null: loopback only, 127.0.0.1 and ::1 where present. */
    readonly host: string | null
    readonly port: number
    readonly publicUrl: string | null
    /** Whose pages may call from a browser. */
    readonly corsOrigins: readonly string[]
    readonly bodyLimit: number
    /** REST takes other gateways' forms besides its own. */
    readonly restLenience: boolean
  }
  readonly database: {
    /** null: the embedded PostgreSQL. */
    readonly url: string | null
    readonly directUrl: string | null
    readonly poolSize: number
    /** Where it does not answer at the start, the snapshot on disk is served. */
    readonly startWithout: boolean
  }
  readonly dataDir: string
  readonly workers: number
  readonly adminEmail: string
  readonly upstream: {
    /** null: allowed exactly when bound to loopback. */
    readonly allowPrivateNetworks: boolean | null
    readonly callTimeoutMs: number
    readonly connectTimeoutMs: number
  }
  readonly stdio: {
    readonly enabled: boolean
    readonly idleMs: number
    readonly maxProcesses: number
    readonly memoryBytes: number
  }
  readonly records: {
    /** Of each worker. */
    readonly onDiskBytes: number
  }
  readonly signIn: {
    readonly times: { readonly idleMs: number; readonly totalMs: number }
    readonly registration: boolean
  }
  readonly teams: {
    /** Members of a team that says no number of its own. */
    readonly members: number
    readonly perUser: number
  }
  /** Tokens that somebody else signed; null: none are accepted. */
  readonly jwt: JwtConfig | null
  /** Who else vouches for people that sign in; null: nobody. */
  readonly oidc: OidcConfig | null
  /** null: a client is where its connection comes from, and who its token says. */
  readonly proxy: ProxyConfig | null
  readonly drainMs: number
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  /** Snapshot age beyond which API tokens are refused. */
  readonly snapshotMaxAgeMs: number
  /** null: audit records are kept for good. */
  readonly auditRetentionMs: number | null
}

/** Every mistake in the settings at once, one line each: the name, what was found, what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[], what = 'the settings need attention') {
    super(`${what}:\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.problems = problems
  }
}

export interface ReadConfig {
  readonly config: Config
  readonly sources: Readonly<Record<SettingName, Source>>
  /** Settings that look like ours and mean nothing, one line each. */
  readonly warnings: readonly string[]
}

/** What is known of the environment beside it: what of it came from flags or a file, and what is wrong with that. */
export interface Said {
  readonly origins?: Origins
  readonly faults?: readonly string[]
}

/** The environment as a Config. Throws ConfigError with every mistake. */
export function configFromEnv(env: Env, machine: Machine = thisMachine(), said: Said = {}): ReadConfig {
  const { values, sources, problems, warnings } = readSettings(env, machine, said.origins)
  problems.unshift(...(said.faults ?? []))
  contradictions(values, problems)
  const jwt = jwtConfig(values, problems)
  const oidc = oidcConfig(values, problems)
  const proxy = proxyConfig(values, problems)
  // A name that is mistyped may be why another setting is missing.
  if (problems.length > 0) throw new ConfigError([...problems, ...warnings])
  const config: Config = {
    http: {
      host: values.HOST,
      port: values.PORT,
      publicUrl: values.CAUSEWAY_PUBLIC_URL,
      corsOrigins: values.CAUSEWAY_CORS_ORIGINS ?? [],
      bodyLimit: values.CAUSEWAY_BODY_LIMIT,
      restLenience: values.CAUSEWAY_REST_LENIENCE,
    },
    database: {
      url: values.DATABASE_URL,
      directUrl: values.DATABASE_DIRECT_URL,
      poolSize: values.DATABASE_POOL_SIZE,
      startWithout: values.CAUSEWAY_START_WITHOUT_DATABASE,
    },
    dataDir: values.CAUSEWAY_DATA_DIR,
    workers: values.CAUSEWAY_WORKERS,
    adminEmail: values.CAUSEWAY_ADMIN_EMAIL,
    upstream: {
      allowPrivateNetworks: values.CAUSEWAY_ALLOW_PRIVATE_NETWORKS,
      callTimeoutMs: values.CAUSEWAY_CALL_TIMEOUT,
      connectTimeoutMs: values.CAUSEWAY_CONNECT_TIMEOUT,
    },
    stdio: {
      enabled: values.CAUSEWAY_STDIO,
      idleMs: values.CAUSEWAY_STDIO_IDLE_TIME,
      maxProcesses: values.CAUSEWAY_STDIO_MAX_PROCESSES,
      memoryBytes: values.CAUSEWAY_STDIO_MEMORY,
    },
    records: { onDiskBytes: values.CAUSEWAY_RECORDS_ON_DISK },
    signIn: {
      times: { idleMs: values.CAUSEWAY_SESSION_IDLE_TIME, totalMs: values.CAUSEWAY_SESSION_TIME },
      registration: values.CAUSEWAY_PUBLIC_REGISTRATION,
    },
    teams: { members: values.CAUSEWAY_TEAM_MEMBERS, perUser: values.CAUSEWAY_TEAMS_PER_USER },
    jwt: jwt ?? null,
    oidc,
    proxy,
    drainMs: values.CAUSEWAY_DRAIN_TIME,
    logLevel: values.CAUSEWAY_LOG_LEVEL,
    snapshotMaxAgeMs: values.CAUSEWAY_SNAPSHOT_MAX_AGE,
    auditRetentionMs: values.CAUSEWAY_AUDIT_RETENTION,
  }
  const ownDatabase = values.DATABASE_URL === null && values.CAUSEWAY_START_WITHOUT_DATABASE
  return { config, sources, warnings: ownDatabase ? [...warnings, STARTS_TOGETHER] : warnings }
}

/** Settings that are right by themselves and not together. */
function contradictions(values: Values, problems: string[]): void {
  if (values.HOST !== null && !isLoopback(values.HOST) && values.CAUSEWAY_PUBLIC_URL === null) {
    problems.push(
      `CAUSEWAY_PUBLIC_URL must be set to listen beyond loopback (HOST is ${values.HOST}): ` +
        'how clients reach this gateway, for example https://mcp.example.com',
    )
  }
  if (values.DATABASE_DIRECT_URL !== null && values.DATABASE_URL === null) {
    problems.push(
      'DATABASE_DIRECT_URL is the way around the pooler of DATABASE_URL, which is not set: set both or none',
    )
  }
}

const STARTS_TOGETHER =
  'CAUSEWAY_START_WITHOUT_DATABASE is ignored without DATABASE_URL: the embedded PostgreSQL starts and ends with the gateway'

/** What a start would refuse, line by line. */
export function problemsOf(env: Env, machine: Machine, said: Said): readonly string[] {
  try {
    configFromEnv(env, machine, said)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}
