import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup, Resolver } from 'node:dns/promises'
import { EventEmitter, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { Bulkhead } from '#/lib/bulkhead.ts'
import { crowd } from '#/lib/crowd.ts'
import { createDeadlines } from '#/lib/deadlines.ts'
import { outsideTransaction } from '#/lib/held-connection.ts'
import { pause } from '#/lib/backoff.ts'
import { pace } from '#/lib/pace.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import { Waiters } from '#/catalog/waiters.ts'
import { LogBook } from '#/stdio/log-book.ts'
import { ServerProcess } from '#/stdio/server-process.ts'
import { withClient } from '#/store/examine-client.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { spawnAs } from '#/supervisor/embedded-account.ts'
import { WorkerProcess } from '#/supervisor/worker-process.ts'
import { SupervisorLink } from '#/supervisor/worker-link.ts'
import { systemNames } from '#/upstream/resolve.ts'
import { call, gatewayAt, requestTo, startUpstreams } from '../support/upstream-calls.ts'

/** What the ways lead to: servers that take everything and say nothing. */
export interface Silent {
  readonly url: string
  readonly port: number
  readonly nameServer: string
  readonly databaseUrl: string
}

export type Way = (there: Silent, db: OpenDatabase) => Promise<unknown>

const AT_ONCE = AbortSignal.timeout(60_000)
const upstreams = startUpstreams()
const target = (url: string) => ({ url, headers: {}, transport: null, caCertificate: null })
const api = (url: string) => ({ tool: { id: 't', local: { http: { url } } }, argumentsJson: Buffer.from('{}') })

/** Every way of ours to leave the process, to wait in a queue or to ask the pool again: each says no before it begins. */
export const OUR_WAYS: Readonly<Record<string, Way>> = {
  'a read': (_, db) => db.read('inner').selectFrom('users').select('id').execute(),
  'a write': (_, db) => db.write('inner', async () => undefined),
  'a statement': (_, db) => db.statement('inner', (sql) => sql.deleteFrom('leases')),
  'a connection of its own': ({ databaseUrl }) => withClient(databaseUrl, async () => undefined),
  'a call to a server': ({ url }) => call(upstreams.upstreams, requestTo(gatewayAt(url))),
  'a call to an HTTP API': ({ url }) => new Promise((done) => upstreams.httpTools.call(api(url) as never, done)),
  'a discovery': ({ url }) => upstreams.discoverer.discover(target(url), { signal: AT_ONCE }),
  'a probe': ({ url }) => upstreams.discoverer.probe(target(url), null, AT_ONCE),
  'resolving a name': async () => await systemNames({ timeoutMs: 1000 }).resolve('nowhere.example'),
  'checking an address': () => upstreams.addresses.check('http://nowhere.example/'),
  'a pause': () => pause(60_000),
  'a place in a bulkhead': () => full().take(),
  'a queue before a bulkhead': () => new Promise<void>((done) => void full().wait(done, done)),
  'shared work': () => new SingleFlight().run('key', () => forever()),
  'a shared question': () => crowd(() => forever<ReadonlyMap<string, string>>(), { most: 1 })('key'),
  'a rest': () => pace().rest(),
  'the catalog': () => new Waiters().wait(1, 60_000),
  'the supervisor': () => new SupervisorLink({ index: 0, workers: 1 }, () => {}).collect(),
  'a worker': async () => new WorkerProcess(0, { module: '/nowhere.js', args: [], env: {} }, NOBODY),
  'a program': async () => spawnAs(null, ['true']),
  'a stdio server': async () =>
    new ServerProcess({ file: 'true', args: [], env: {}, cwd: undefined }, NOBODY as never, new LogBook()),
}

const NOBODY = { said: () => {}, ended: () => {}, returned: () => {}, takesAgain: () => {} }
const forever = <T>(): Promise<T> => new Promise<T>(() => undefined)

function full(): Bulkhead {
  const bulkhead = new Bulkhead({ limit: 0, waiting: 1, maxWaitMs: 60_000 }, createDeadlines())
  return bulkhead
}

const madeOutside = forever()
const bell = new EventEmitter()

/** Ways around whatever is ours: what node offers, and contexts that were left. Each would wait for very long or for ever. */
export const NODES_WAYS: Readonly<Record<string, Way>> = {
  fetch: ({ url }) => fetch(url),
  'http.get': ({ url }) => once(get(url), 'response'),
  'net.connect': ({ port }) => once(connect(port, '127.0.0.1'), 'data'),
  'tls.connect': ({ port }) => once(connectTls(port, '127.0.0.1'), 'secureConnect'),
  'dns.resolve': async ({ nameServer }) => {
    const resolver = new Resolver({ timeout: 30_000 })
    resolver.setServers([nameServer])
    await resolver.resolve4('nowhere.example')
  },
  'dns.lookup': async () => await slowly(() => lookup('localhost')),
  dgram: async ({ port }) => {
    const socket = createSocket('udp4').unref()
    socket.send('x', port, '127.0.0.1')
    await once(socket, 'message')
  },
  'a child process': async () => {
    const child = spawn('sleep', ['30'])
    try {
      await once(child, 'exit')
    } finally {
      child.kill()
    }
  },
  'a worker thread': async () => {
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
    worker.unref()
    await once(worker, 'message')
  },
  'a file': async () => await slowly(() => readFile(process.execPath)),
  'timers/promises': () => sleep(60_000, undefined, { ref: false }),
  'a timer': () => new Promise((done) => void setTimeout(done, 60_000).unref()),
  'a promise of somebody else': () => madeOutside,
  'an event': () => once(bell, 'never'),
  'a context that was left': ({ url }) => outsideTransaction(() => fetch(url)),
  'a context that was left for our own call': ({ url }) =>
    outsideTransaction(() => upstreams.discoverer.discover(target(url), { signal: AT_ONCE })),
  'a context that was left in a microtask': ({ port }) =>
    outsideTransaction(() => Promise.resolve().then(() => once(connect(port, '127.0.0.1'), 'data'))),
}

/** Long enough to be a wait, whatever the machine. */
async function slowly(work: () => Promise<unknown>): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end;) await work()
}
