import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { foreseen } from '#/declared/foreseen.ts'
import { planSet, wholeSet, type DeclaredDeps } from '#/declared/plan.ts'
import type { Applying } from '#/declared/step.ts'
import { declaredStore } from '#/store/declared-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { rehearsed } from '#/store/rehearsal.ts'
import { serverStore } from '#/store/server-store.ts'
import { tokenStore } from '#/store/token-store.ts'
import { createAddressCheck } from '#/upstream/check-address.ts'
import { systemNames } from '#/upstream/resolve.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { dnsServer, type DnsServer } from '../support/dns-server.ts'
import { foresee } from '../support/foresee.ts'
import { adminPrincipal } from '../support/principals.ts'

const GATEWAYS = 24
const HOSTS = Array.from({ length: GATEWAYS }, (_, n) => `host${n}.example.test`)
/** Of a name server that says nothing; each question is asked twice within it. */
const SILENT_MS = 4_000

let database: TestDatabase
let folder: string
let userId: UserId
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  database = owned.use(await testDatabase())
  folder = await mkdtemp(join(tmpdir(), 'cw-foreseen-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['hosts', 'resolv.conf']) await writeFile(join(folder, name), '')
  userId = UserId.mint()
  await database.sql('INSERT INTO users (id, email) VALUES ($1, $2)', [userId, 'admin@example.com'])
})
afterAll(() => owned.disposeAsync())

/** What applying a set needs, where names are asked for at this server. */
function depsAt({ at }: DnsServer): DeclaredDeps {
  const files = { hostsFile: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') }
  const names = systemNames({ timeoutMs: SILENT_MS, servers: [at], ...files })
  const { db } = database
  const unused = (): never => {
    throw new Error('a dry run asks no upstream, and seals nothing that is not there')
  }
  const after = { foresee, settled: async () => undefined }
  return {
    store: declaredStore(db),
    gateways: {
      ...rehearsed(db, gatewayStore),
      discoverer: { discover: unused, probe: unused },
      addresses: createAddressCheck({ names, policy: { allowPrivate: true } }),
      sealer: { seal: unused, open: unused },
      ...after,
    },
    servers: { ...rehearsed(db, serverStore), ...after },
    tokens: { ...rehearsed(db, tokenStore), ...after },
  }
}

async function asked(deps: DeclaredDeps, signal: AbortSignal) {
  const applying: Applying = {
    principal: adminPrincipal(userId),
    held: { permissions: null, serverId: null, teamId: null, expiresAt: null, limits: null },
    set: 'site',
    request: { requestId: 'r', signal, via: 'api', fromIp: null, userAgent: null, traceparent: undefined },
  }
  const gateways = HOSTS.map((host, n) => ({ name: `gateway${n}`, url: `http://${host}/mcp` }))
  const plan = await planSet(deps, applying, { set: wholeSet({ set: 'site', gateways }), prune: false })
  return foreseen(deps, applying, plan)
}

const hostsOf = ({ asked: questions }: DnsServer): ReadonlySet<string> =>
  new Set(questions.map((question) => question.split(' ')[1] ?? ''))

test('where new gateways lead is looked up side by side, no more than eight at a time, and no longer than for whoever asks', async () => {
  const silent = HOSTS.flatMap((host) => [`A ${host}`, `AAAA ${host}`])
  await using dns = await dnsServer(Object.fromEntries(silent.map((question) => [question, null])))
  const client = new AbortController()
  const answer = asked(depsAt(dns), client.signal)
  const gone = expect(answer).rejects.toThrow('the client left')
  await vi.waitFor(() => expect(hostsOf(dns).size).toBe(8), { timeout: 10_000 })
  client.abort(new Error('the client left'))
  await gone
  // Whoever went on would have its answers now, and ask for the next.
  for (const question of silent) dns.zone.set(question, ['127.0.0.1'])
  await sleep(SILENT_MS)
  expect(hostsOf(dns).size).toBe(8)
}, 30_000)

test('all of them are foretold in their order, and one that may not be reached is refused by itself', async () => {
  const zone = HOSTS.map((host, n) => [`A ${host}`, [n === 5 ? '169.254.169.254' : '127.0.0.1']] as const)
  await using dns = await dnsServer(Object.fromEntries(zone))
  const { outcomes } = await asked(depsAt(dns), new AbortController().signal)
  const told = outcomes.map(({ step, error }) => [step.name, error?.code ?? null])
  expect(told).toEqual(HOSTS.map((_, n) => [`gateway${n}`, n === 5 ? 'forbidden_address' : null]))
  expect(await database.sql('SELECT id FROM gateways')).toEqual([])
})
