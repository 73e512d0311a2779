import { join } from 'node:path'
import type { Machine } from './env.ts'
import {
  duration,
  email,
  fields,
  fieldsOrList,
  folder,
  key,
  host,
  integer,
  oneOf,
  origin,
  origins,
  path,
  postgresUrl,
  size,
  text,
  webUrl,
  yesNo,
  type Parser,
} from './parsers.ts'

/** One thing an operator can decide. `T` includes null where unset means something of its own. */
export interface Setting<T> {
  readonly doc: string
  readonly parser: Parser<Exclude<T, null>>
  /** As an operator would write it; null: unset. */
  readonly fallback: string | null | ((machine: Machine) => string)
  /** What unset means, for people. */
  readonly unset?: string
}

/** The settings of the server. At most forty; each needs a reason. */
export const SETTINGS = {
  HOST: optional(host, 'loopback: 127.0.0.1 and ::1', 'Where the front door listens.'),
  PORT: required(integer(0, 65_535), '4444', 'The port of the front door; 0 takes a free one.'),
  CAUSEWAY_PUBLIC_URL: optional(
    origin,
    'only loopback names are answered',
    'How clients reach us: allowed Host and Origin and all links follow from it. Needed to listen beyond loopback.',
  ),
  CAUSEWAY_CORS_ORIGINS: optional(
    origins,
    'pages of other origins cannot use this gateway',
    'Pages of these origins may call this gateway from a browser (CORS), with a token of their own and never with a cookie.',
  ),
  CAUSEWAY_BODY_LIMIT: required(size('1KiB', '64MiB'), '4MiB', 'The largest request body that is read.'),
  CAUSEWAY_REST_LENIENCE: required(
    yesNo,
    'true',
    'Whether REST takes the forms that clients of other gateways send: either casing, wrapped bodies, old paths and statuses.',
  ),
  DATABASE_URL: optional(
    postgresUrl,
    'embedded PostgreSQL in the data folder',
    'PostgreSQL 15 or newer, directly or through a pooler in transaction mode.',
  ),
  DATABASE_DIRECT_URL: optional(postgresUrl, 'DATABASE_URL', 'The way around the pooler, for LISTEN and migrations.'),
  DATABASE_POOL_SIZE: required(
    integer(1, 1000),
    '10',
    'Database connections of this machine, shared out among its workers (at least one each), plus one for LISTEN.',
  ),
  CAUSEWAY_START_WITHOUT_DATABASE: required(
    yesNo,
    'false',
    'Whether a start at which DATABASE_URL does not answer serves the last snapshot, which is then kept on disk, sealed, in the data folder. Otherwise it waits.',
  ),
  CAUSEWAY_CONFIG: optional(
    path,
    'causeway.yaml here, else in the data folder',
    'A file with settings, and with gateways, virtual servers and tokens that are to be there. What the environment says wins.',
  ),
  CAUSEWAY_DATA_DIR: required(folder, defaultDataDir, 'Keys, the administrator’s token and the embedded PostgreSQL.'),
  CAUSEWAY_WORKERS: required(integer(1, 256), ({ cores }) => String(cores), 'Worker processes; one per core.'),
  CAUSEWAY_ADMIN_EMAIL: required(email, 'admin@localhost', 'The name of the first administrator.'),
  CAUSEWAY_ALLOW_PRIVATE_NETWORKS: optional(
    yesNo,
    'true exactly when listening on loopback only',
    'Whether upstream servers may lie at loopback and private addresses.',
  ),
  CAUSEWAY_CALL_TIMEOUT: required(duration('1s', '1h'), '60s', 'How long one call may take in total.'),
  CAUSEWAY_CONNECT_TIMEOUT: required(duration('100ms', '60s'), '5s', 'How long connecting to an upstream may take.'),
  CAUSEWAY_STDIO: required(
    yesNo,
    'true',
    'Whether servers may be started by a command on this machine. Only an administrator may register those.',
  ),
  CAUSEWAY_STDIO_IDLE_TIME: required(
    duration('1s', '7d'),
    '10m',
    'A server that was started by a command and that nobody uses ends after this time; the next call starts it again.',
  ),
  CAUSEWAY_STDIO_MAX_PROCESSES: required(
    integer(1, 10_000),
    '200',
    'How many processes of such servers may run at a time on this machine.',
  ),
  CAUSEWAY_STDIO_MEMORY: required(
    size('64MiB', '1024GiB'),
    '2GiB',
    'Private memory that each process of such a server may take (where util-linux has prlimit).',
  ),
  CAUSEWAY_RECORDS_ON_DISK: required(
    size('64KiB', '1024GiB'),
    '64MiB',
    'How much disk the usage records of each worker may take while the database is away; what comes when it is full is counted as lost.',
  ),
  CAUSEWAY_DRAIN_TIME: required(duration('0s', '10m'), '25s', 'How long calls in flight may go on after SIGTERM.'),
  CAUSEWAY_LOG_LEVEL: required(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace'),
    'info',
    'The least severe log lines that are written.',
  ),
  CAUSEWAY_AUDIT_RETENTION: optional(
    duration('1d', '3650d'),
    'for good',
    'How long the records of administrative changes are kept; that older ones were forgotten is a record itself.',
  ),
  CAUSEWAY_SESSION_IDLE_TIME: required(
    duration('1m', '1d'),
    '1h',
    'A session ends when it was not refreshed for so long; causeway login and pages refresh it while they are used.',
  ),
  CAUSEWAY_SESSION_TIME: required(duration('1m', '30d'), '12h', 'A session ends after this time in any case.'),
  CAUSEWAY_PUBLIC_REGISTRATION: required(
    yesNo,
    'false',
    'Whether strangers may make themselves users, who see what is public. Otherwise an administrator makes them.',
  ),
  CAUSEWAY_TEAM_MEMBERS: required(
    integer(1, 1_000_000),
    '100',
    'How many members a team may have that says no number of its own.',
  ),
  CAUSEWAY_TEAMS_PER_USER: required(
    integer(1, 100_000),
    '50',
    'How many teams one user may be in, the personal one aside.',
  ),
  JWT_ISSUER: optional(
    text,
    'only tokens made here are accepted',
    'Who signs the tokens (iss) that are accepted besides our own. Each stands for the user whose e-mail address it names.',
  ),
  JWT_AUDIENCE: optional(
    text,
    'needed with JWT_ISSUER',
    'For whom they have to be (aud). The URL of an MCP endpoint is an audience, too.',
  ),
  JWT_ALGORITHM: required(
    oneOf('HS256', 'RS256', 'ES256'),
    'HS256',
    'How they are signed; the only way that is accepted.',
  ),
  JWT_SECRET_KEY: optional(
    key,
    'JWT_JWKS_URL says',
    'The secret of HS256, 32 bytes or more, or the public key of RS256 and ES256 in PEM.',
  ),
  JWT_JWKS_URL: optional(
    webUrl,
    'JWT_SECRET_KEY says',
    'Where the issuer publishes its public keys (a JWKS document).',
  ),
  CAUSEWAY_OIDC: optional(
    fields,
    'people sign in with passwords only',
    'Sign-in with an identity provider (OpenID Connect): issuer and client_id; scopes, groups_claim, groups (group: [ROLE, ROLE@TEAM]), domains (of e-mail addresses), unknown_users (refuse or make), addresses (verified or trusted).',
  ),
  CAUSEWAY_OIDC_CLIENT_SECRET: optional(key, 'the client is a public one', 'The secret of that client_id.'),
  CAUSEWAY_TRUSTED_PROXY: optional(
    fieldsOrList('peers'),
    'a client is where its connection comes from',
    'Proxies whose word counts: peers (addresses and ranges), address_header (X-Forwarded-For or Forwarded), user_header (names the user; none unless said), unknown_users (refuse or make).',
  ),
  CAUSEWAY_TRUSTED_PROXY_SECRET: optional(
    key,
    'needed with user_header, and for proxies on this machine',
    'What proxies send in X-Causeway-Proxy-Secret, without which nothing that they say counts: 32 characters or more, which only they know.',
  ),
  CAUSEWAY_SNAPSHOT_MAX_AGE: required(
    duration('1m', '30d'),
    '1h',
    'Without contact to the database for longer than this, API tokens are refused.',
  ),
} as const satisfies Record<string, Setting<never> | Setting<unknown>>

export type SettingName = keyof typeof SETTINGS

/** Nobody is shown what they hold. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  'JWT_SECRET_KEY',
  'CAUSEWAY_OIDC_CLIENT_SECRET',
  'CAUSEWAY_TRUSTED_PROXY_SECRET',
])

export type Values = {
  -readonly [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

/** What the commands of the CLI read; the server does not know them. */
export const CLIENT_SETTINGS = {
  CAUSEWAY_URL: 'The gateway that the commands talk to.',
  CAUSEWAY_TOKEN:
    'The API token of the commands; unset: that of causeway login, else the file admin-token in the data folder.',
  CAUSEWAY_LOAD_DATABASE: 'The PostgreSQL that `causeway load run` looks at; unset: none.',
} as const

function required<T>(parser: Parser<T>, fallback: string | ((machine: Machine) => string), doc: string): Setting<T> {
  return { parser: parser as Parser<Exclude<T, null>>, fallback, doc }
}

function optional<T>(parser: Parser<T>, unset: string, doc: string): Setting<T | null> {
  return { parser: parser as Parser<Exclude<T | null, null>>, fallback: null, unset, doc }
}

function defaultDataDir({ platform, home, isRoot, dataHome }: Machine): string {
  if (platform === 'win32') return join(dataHome ?? join(home, 'AppData', 'Local'), 'Causeway')
  if (isRoot) return '/var/lib/causeway'
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Causeway')
  return join(dataHome ?? join(home, '.local', 'share'), 'causeway')
}
