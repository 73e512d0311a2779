import { describe, expect, test } from 'vitest'
import { ConfigError, configFromEnv } from './config.ts'
import { describeSettings } from './describe.ts'
import type { Machine } from './env.ts'
import { SETTING_NAMES } from './read-settings.ts'

const LINUX: Machine = {
  cores: 4,
  platform: 'linux',
  home: '/home/ann',
  isRoot: false,
  dataHome: null,
  configHome: null,
}
const read = (env: Record<string, string>, machine = LINUX) => configFromEnv(env, machine).config

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    configFromEnv(env, LINUX)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('defaults', () => {
  test('nothing needs to be set', () => {
    expect(read({})).toEqual({
      http: { host: null, port: 4444, publicUrl: null, corsOrigins: [], bodyLimit: 4 << 20, restLenience: true },
      database: { url: null, directUrl: null, poolSize: 10, startWithout: false },
      dataDir: '/home/ann/.local/share/causeway',
      workers: 4,
      adminEmail: 'admin@localhost',
      upstream: { allowPrivateNetworks: null, callTimeoutMs: 60_000, connectTimeoutMs: 5000 },
      stdio: { enabled: true, idleMs: 600_000, maxProcesses: 200, memoryBytes: 2_147_483_648 },
      records: { onDiskBytes: 67_108_864 },
      signIn: { times: { idleMs: 3_600_000, totalMs: 43_200_000 }, registration: false },
      teams: { members: 100, perUser: 50 },
      jwt: null,
      oidc: null,
      proxy: null,
      drainMs: 25_000,
      logLevel: 'info',
      snapshotMaxAgeMs: 3_600_000,
      auditRetentionMs: null,
    })
  })

  test.each<[string, Partial<Machine>, string]>([
    ['Linux', {}, '/home/ann/.local/share/causeway'],
    ['Linux with XDG', { dataHome: '/data' }, '/data/causeway'],
    ['root', { isRoot: true, dataHome: '/data' }, '/var/lib/causeway'],
    ['macOS', { platform: 'darwin' }, '/home/ann/Library/Application Support/Causeway'],
    ['Windows', { platform: 'win32', dataHome: '/local' }, '/local/Causeway'],
  ])('the data folder on %s', (_, machine, expected) => {
    expect(read({}, { ...LINUX, ...machine }).dataDir).toBe(expected)
  })

  test('an empty variable counts as unset', () => {
    expect(read({ PORT: '', HOST: ' ', DATABASE_URL: '' })).toEqual(read({}))
  })

  test('there are at most forty settings, and every default is one that could be written', () => {
    expect(SETTING_NAMES.length).toBeLessThanOrEqual(40)
    const { settings } = describeSettings({}, LINUX)
    const written = settings.flatMap(({ name, default: text }) => (text === null ? [] : [[name, text]]))
    expect(problemsOf(Object.fromEntries(written) as Record<string, string>)).toEqual([])
  })
})

describe('values', () => {
  test.each<[string, string, (config: ReturnType<typeof read>) => unknown, unknown]>([
    ['PORT', '0', ({ http }) => http.port, 0],
    ['HOST', '::1', ({ http }) => http.host, '::1'],
    ['CAUSEWAY_PUBLIC_URL', 'https://MCP.example.com/', ({ http }) => http.publicUrl, 'https://mcp.example.com'],
    [
      'CAUSEWAY_CORS_ORIGINS',
      'https://App.example.com:443, http://localhost:5173',
      ({ http }) => http.corsOrigins.join(' '),
      'https://app.example.com http://localhost:5173',
    ],
    ['CAUSEWAY_BODY_LIMIT', '512KiB', ({ http }) => http.bodyLimit, 524_288],
    ['CAUSEWAY_BODY_LIMIT', '2048', ({ http }) => http.bodyLimit, 2048],
    ['CAUSEWAY_CALL_TIMEOUT', '5m', ({ upstream }) => upstream.callTimeoutMs, 300_000],
    ['CAUSEWAY_CONNECT_TIMEOUT', '250ms', ({ upstream }) => upstream.connectTimeoutMs, 250],
    ['CAUSEWAY_ALLOW_PRIVATE_NETWORKS', 'false', ({ upstream }) => upstream.allowPrivateNetworks, false],
    ['CAUSEWAY_DRAIN_TIME', '0s', ({ drainMs }) => drainMs, 0],
    ['DATABASE_URL', 'postgres://a:b@c/d', ({ database }) => database.url, 'postgres://a:b@c/d'],
  ])('%s=%s', (name, text, pick, expected) => {
    expect(pick(read({ [name]: text }))).toBe(expected)
  })
})

describe('mistakes', () => {
  test.each([
    ['PORT', '65536', 'an integer from 0 to 65535'],
    ['PORT', '1e3', 'an integer from 0 to 65535'],
    ['HOST', 'localhost:4444', 'a host name or IP address without port'],
    ['CAUSEWAY_PUBLIC_URL', 'https://a.example/path', 'an http or https URL without path'],
    ['CAUSEWAY_PUBLIC_URL', 'ftp://a.example', 'an http or https URL without path'],
    ['CAUSEWAY_CORS_ORIGINS', '*', 'exact origins'],
    ['CAUSEWAY_CORS_ORIGINS', 'https://*.example.com', 'exact origins'],
    ['CAUSEWAY_CORS_ORIGINS', 'null', 'exact origins'],
    ['CAUSEWAY_CORS_ORIGINS', 'https://a.example https://b.example/path', 'exact origins'],
    ['CAUSEWAY_BODY_LIMIT', '1MB', 'a size from 1KiB to 64MiB'],
    ['CAUSEWAY_CALL_TIMEOUT', '60', 'a time from 1s to 1h'],
    ['CAUSEWAY_LOG_LEVEL', 'verbose', 'one of fatal, error, warn, info, debug, trace'],
    ['CAUSEWAY_ALLOW_PRIVATE_NETWORKS', 'yes', 'true or false'],
    ['CAUSEWAY_WORKERS', '0', 'an integer from 1 to 256'],
    ['DATABASE_POOL_SIZE', '0', 'an integer from 1 to 1000'],
    ['DATABASE_URL', 'mysql://a/b', 'a PostgreSQL URL'],
    ['CAUSEWAY_ADMIN_EMAIL', 'ann', 'an e-mail address'],
  ])('%s=%s', (name, text, right) => {
    const [problem, ...others] = problemsOf({ [name]: text })
    expect(problem).toContain(`${name} is ${JSON.stringify(text)} but must be ${right}`)
    expect(others).toEqual([])
  })

  test('all are reported at once', () => {
    const names = problemsOf({ PORT: 'x', CAUSEWAY_WORKERS: '-1', HOST: '0.0.0.0' }).map((line) => line.split(' ')[0])
    expect(names).toEqual(['PORT', 'CAUSEWAY_WORKERS', 'CAUSEWAY_PUBLIC_URL'])
  })

  test.each(['0.0.0.0', '::', '10.0.0.1', 'mcp.example.com'])('listening on %s needs a public URL', (HOST) => {
    expect(problemsOf({ HOST })).toEqual([expect.stringContaining('CAUSEWAY_PUBLIC_URL must be set')])
    expect(problemsOf({ HOST, CAUSEWAY_PUBLIC_URL: 'https://mcp.example.com' })).toEqual([])
  })

  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('listening on %s does not', (HOST) => {
    expect(problemsOf({ HOST })).toEqual([])
  })

  test('keys come by https or from this machine, and nobody registers beside an issuer', () => {
    const jwt = { JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'causeway', JWT_ALGORITHM: 'RS256' }
    const from = (JWT_JWKS_URL: string, more = {}) => problemsOf({ ...jwt, JWT_JWKS_URL, ...more })
    for (const url of [
      'https://id.example.com/jwks',
      'http://127.0.0.1:1/jwks',
      'http://[::1]:1/jwks',
      'http://localhost/',
    ])
      expect(from(url)).toEqual([])
    expect(from('http://id.example.com/jwks')).toEqual([expect.stringContaining('JWT_JWKS_URL must be https')])
    expect(from('https://id.example.com/jwks', { CAUSEWAY_PUBLIC_REGISTRATION: 'true' })).toEqual([
      expect.stringContaining('exclude each other'),
    ])
  })

  test('a direct URL without a pooled one is a mistake', () => {
    expect(problemsOf({ DATABASE_DIRECT_URL: 'postgres://a/b' })).toEqual([expect.stringContaining('DATABASE_URL')])
  })

  test('a wrong URL is shown without its password', () => {
    expect(problemsOf({ DATABASE_URL: 'mysql://ann:hunter2@db/x' }).join()).not.toContain('hunter2')
  })
})

describe('what is printed', () => {
  test('settings for tokens that others signed are said to be ignored', () => {
    const together = { CAUSEWAY_START_WITHOUT_DATABASE: 'true' }
    expect(configFromEnv(together, LINUX).warnings).toEqual([expect.stringContaining('ignored without DATABASE_URL')])
    const apart = { ...together, DATABASE_URL: 'postgresql://db/causeway' }
    expect(configFromEnv(apart, LINUX)).toMatchObject({ warnings: [], config: { database: { startWithout: true } } })
    const { warnings } = configFromEnv({ JWT_SECRET_KEY: 's3cret', JWT_ALGORITHM: 'HS256', JWT_AUDIENCE: '' }, LINUX)
    expect(warnings).toEqual([
      'JWT_ALGORITHM, JWT_SECRET_KEY are ignored without JWT_ISSUER: only tokens made here (causeway token create) are accepted',
    ])
  })

  test('unknown names of ours are pointed out with the one that was meant', () => {
    expect(
      configFromEnv({ CAUSEWAY_WORKER: '2', CAUSEWAY_FROBNICATION_LEVEL: 'x', CAUSEWAY_TOKEN: 't' }, LINUX).warnings,
    ).toEqual([
      'CAUSEWAY_WORKER is not a setting and is ignored; did you mean CAUSEWAY_WORKERS?',
      'CAUSEWAY_FROBNICATION_LEVEL is not a setting and is ignored',
    ])
  })

  test('passwords in URLs are masked, wherever they stand', () => {
    const env = {
      DATABASE_URL: 'postgres://ann:hunter2@db/x?sslpassword=hunter3',
      DATABASE_DIRECT_URL: 'postgres://ann:p%40ss@db/x',
    }
    const shown = JSON.stringify(describeSettings(env, LINUX))
    expect(shown).toContain('postgres://ann:*****@db/x?sslpassword=*****')
    expect(shown).not.toMatch(/hunter|p%40ss/)
  })

  test('the source of each value is told', () => {
    const { settings } = describeSettings({ PORT: '5000' }, LINUX)
    expect(settings.find(({ name }) => name === 'PORT')).toMatchObject({
      value: '5000',
      source: 'environment',
      default: '4444',
    })
    expect(settings.find(({ name }) => name === 'HOST')).toMatchObject({ source: 'default', default: null })
  })
})
