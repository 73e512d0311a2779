import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { clientsBehind } from '#/access/client-address.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import { PERMISSIONS } from '#/access/permissions.ts'
import { ResourceId, UserId } from '#/access/ids.ts'
import { rotatingSealer } from '#/access/rotating-sealer.ts'
import type { KeyRing, Sealer } from '#/access/sealing.ts'
import type { Edge } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { lenientEdge } from '#/lenience/lenient-edge.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Discoverer, Discovery, Offered } from '#/gateways/discovery.ts'
import { Admission } from '#/http/admission.ts'
import { UnderWay } from '#/access/under-way.ts'
import { ownPages } from '#/http/own-page.ts'
import { restApp } from '#/http/rest.ts'
import { webAnswers } from '#/http/web-answers.ts'
import { restEndpoints } from '#/http/rest-endpoints.ts'
import { activity } from '#/store/activity.ts'
import { serverVersion } from '#/store/server-version.ts'
import { tokenStore } from '#/store/token-store.ts'
import { totalsStore } from '#/store/totals-store.ts'
import { callStore } from '#/store/call-store.ts'
import { declaredStore } from '../../src/store/declared-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { importStore } from '#/store/import-store.ts'
import { canaryStore } from '#/store/key-store.ts'
import { promptStore } from '#/store/prompt-store.ts'
import { rehearsed } from '#/store/rehearsal.ts'
import { resourceStore } from '#/store/resource-store.ts'
import { rootStore } from '#/store/root-store.ts'
import { sealedStore } from '#/store/sealed-store.ts'
import { serverStore } from '#/store/server-store.ts'
import { taggedIds } from '#/store/search-store.ts'
import { tagStore } from '#/store/tag-store.ts'
import { toolStore } from '#/store/tool-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { foresee } from '../support/foresee.ts'
import { adminPrincipal, makeAdminSql } from '../support/principals.ts'
import { auditParts } from '../support/audit-parts.ts'
import { peopleParts, snapshot } from './people-parts.ts'

/** An upstream that says what a test tells it to. Only for what cannot be had from a real one: its failures on command. */
export interface FakeUpstream extends Discoverer {
  offer: Partial<Discovery>
  fail: GatewayError | null
  seen: { url: string; headers: Readonly<Record<string, string>> }[]
}

export function offered(name: string, extra: Record<string, unknown> = {}): Offered {
  const definition = JSON.stringify({ name, description: `does ${name}`, inputSchema: { type: 'object' }, ...extra })
  return { key: name, definition, name, title: null, description: null, mimeType: null, paramHeaders: null }
}

export function offeredResource(uri: string, extra: Record<string, unknown> = {}): Offered {
  const definition = JSON.stringify({ uri, name: uri, mimeType: 'text/plain', ...extra })
  return { key: uri, definition, name: uri, title: null, description: null, mimeType: 'text/plain', paramHeaders: null }
}

function fakeUpstream(): FakeUpstream {
  return {
    offer: {},
    fail: null,
    seen: [],
    async discover(target) {
      this.seen.push({ url: target.url ?? '', headers: target.headers })
      if (this.fail) throw this.fail
      return {
        era: 'modern',
        revision: '2026-07-28',
        transport: 'STREAMABLEHTTP',
        evidence: 'server/discover answered',
        stateful: false,
        capabilities: '{"tools":{"listChanged":true}}',
        serverInfo: '{"name":"fake","version":"1"}',
        instructions: null,
        tools: [],
        prompts: [],
        resources: [],
        templates: [],
        problems: [],
        ...this.offer,
      }
    },
    async probe() {
      if (this.fail) throw this.fail
      return { ms: 1 }
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
  readonly text: string
}

export interface Ask {
  readonly body?: unknown
  readonly raw?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string | null
}

export interface RestHarness extends AsyncDisposable {
  readonly url: string
  readonly database: TestDatabase
  readonly upstream: FakeUpstream
  readonly sealer: Sealer
  readonly endpoints: readonly Endpoint[]
  /** What reached an upstream through a REST route: id and arguments. */
  readonly calls: string[]
  ask(method: string, path: string, options?: Ask): Promise<Answer>
  /** Rows of every table of the catalog, to show that nothing was half-created. */
  counts(): Promise<Readonly<Record<string, number>>>
}

export interface HarnessOptions {
  readonly discoverer?: Discoverer
  readonly admission?: Admission
  readonly edge?: Edge
}

export async function restHarness(options: HarnessOptions = {}): Promise<RestHarness> {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await testDatabase())
  const userId = UserId.mint()
  await database.sql('INSERT INTO users (id, email) VALUES ($1, $2)', [userId, 'admin@example.com'])
  await database.sql(makeAdminSql(userId))
  const upstream = fakeUpstream()
  const principals = new Map<string, Principal>([
    ['admin', principal(userId, null)],
    ['reader', principal(userId, ['gateways.read', 'tools.read'])],
    ['exporter', principal(userId, ['admin.export'])],
    ['nothing', principal(userId, [])],
    ['public', { ...principal(userId, null), visibilityClass: SEES_PUBLIC, key: 'public' }],
  ])
  const { db } = database
  let kept: KeyRing = { current: 'k1', keys: new Map([['k1', randomBytes(32)]]) }
  const seal = rotatingSealer(kept, () => kept)
  const ring = { read: () => kept, replace: async (next: KeyRing) => void (kept = next), tell: () => {} }
  const calls: string[] = []
  const asked = async (_: Principal, id: string, given?: { argumentsJson?: Buffer | null }): Promise<Buffer> => {
    calls.push(`${id} ${given?.argumentsJson?.toString() ?? ''}`)
    return Buffer.from('{"n":9007199254740993,  "contents":[{"uri":"file:///a","mimeType":"text/plain","text":"é"}]}')
  }
  const { edge = lenientEdge } = options
  const addresses = { check: async () => {} }
  const endpoints = restEndpoints(
    {
      gateways: {
        ...rehearsed(db, gatewayStore),
        discoverer: options.discoverer ?? upstream,
        logs: { read: () => Promise.resolve() },
        ending: new AbortController().signal,
        sealer: seal,
        addresses,
        ...after,
      },
      servers: { ...rehearsed(db, serverStore), ...after },
      tools: { ...rehearsed(db, toolStore), invoker: { call: asked }, sealer: seal, addresses, ...after },
      prompts: { ...rehearsed(db, promptStore), getter: { get: asked }, ...after },
      resources: {
        ...rehearsed(db, resourceStore),
        content: {
          read: (who, id) => asked(who, id),
          readAt: async (who, uri) => ({ id: ResourceId.mint(), result: await asked(who, uri) }),
        },
        ...unheard,
        ...after,
      },
      tokens: { ...rehearsed(db, tokenStore), usage: async () => [], ...after },
      ...peopleParts(db),
      metrics: { totals: totalsStore(db), calls: callStore(db), prometheus: async () => '# none\n' },
      audit: { ...auditParts(db, seal), snapshot },
      keys: { store: sealedStore(db), canaries: canaryStore(db), ring, sealer: seal },
      tags: { store: tagStore(db) },
      search: { snapshot, tagged: taggedIds(db), place: async () => ({ [Symbol.dispose]: () => {} }) },
      roots: { store: rootStore(db), ...unheard },
      imports: importStore(db),
      declared: declaredStore(db),
      resourceServer: { issuer: 'https://issuer.example.com', publicUrl: 'https://mcp.example.com' },
      system: {
        version: '0.0.0-test',
        activity: () => activity(db),
        databaseVersion: () => serverVersion(db),
        posture: () => Promise.reject(new Error('this is no instance')),
      },
    },
    { version: '0.0.0-test', edge },
  )
  const app = stack.use(
    await restApp({
      endpoints,
      edge,
      authenticate: ({ headers }) => {
        const found = principals.get(headers.authorization?.replace(/^Bearer /, '') ?? '')
        if (!found) throw new GatewayError('unauthenticated', 'Authorization token required')
        return found
      },
      browserOf: ownPages(null).browserOf,
      web: webAnswers({ publicUrl: null, corsOrigins: [] }),
      admission: options.admission ?? new Admission(),
      bodyLimit: 64 * 1024,
      again: (principal) => principal,
      underWay: new UnderWay((principal) => principal),
      clients: clientsBehind(null),
      failed: ({ error }) => error.code === 'internal' && console.error(error),
    }),
  )
  const server = createServer((req, res) => app.handler(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    database,
    upstream,
    sealer: seal,
    endpoints,
    calls,
    ask: (method, path, options) => ask(url + path, method, options),
    counts: async () => {
      const tables = ['gateways', 'gateway_states', 'tools', 'prompts', 'resources', 'servers', 'server_items']
      const list = [...tables, 'idempotency_keys', 'audit_log', 'changes']
      const rows = await database.sql<Record<string, number>>(
        `SELECT ${list.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`).join(', ')}`,
      )
      return rows[0] ?? {}
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const SEES_PUBLIC = {
  ...adminPrincipal(UserId.mint()).visibilityClass,
  id: 'public',
  sees: ({ visibility }: Owned): boolean => visibility === 'public',
}

function principal(userId: UserId, permissions: readonly string[] | null): Principal {
  return adminPrincipal(userId, {
    permissions: permissions && PERMISSIONS.filter((one) => permissions.includes(one)),
  })
}

/** Streams of changes need a catalog, which there is in a whole gateway only. */
const unheard = { streams: { answer: () => ({ body: '' }) }, watched: { watch: () => ({ [Symbol.dispose]() {} }) } }

const settled = async (): Promise<void> => undefined
const after = { foresee, settled }

async function ask(url: string, method: string, options: Ask = {}): Promise<Answer> {
  const { body, raw, token = 'admin', headers = {} } = options
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: typeof payload === 'string' ? payload : new Uint8Array(payload) }),
  })
  const text = await response.text()
  const json = /^application\/json\b/.test(response.headers.get('content-type') ?? '') && text !== ''
  return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : text }
}
