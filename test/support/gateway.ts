import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { chmod, readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { giveCluster } from './made-cluster.ts'
import { killStill, type ProcessInfo, processTree } from './processes.ts'
import { Witness } from './witness.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A registered gateway as the API shows it; only what tests look at is named. */
export interface GatewayEntity {
  readonly id: string
  readonly name: string
  readonly slug?: string
  readonly [field: string]: unknown
}

export interface ApiAnswer {
  readonly status: number
  readonly body: GatewayEntity
}

export interface GatewayOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Kept after the end; otherwise a new folder that is removed. */
  readonly dataDir?: string
  readonly readyWithinMs?: number
}

/** A gateway in processes of its own, as an operator runs it. */
export interface RunningGateway extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly dataDir: string
  readonly pid: number
  /** Time from the start of the process to the first 200 of /ready. */
  readonly startedInMs: number
  /** Everything the processes have written so far. */
  output(): Promise<string>
  /** The supervisor, its workers and its PostgreSQL. */
  processes(): ProcessInfo[]
  /** A REST request with the administrator's token. */
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>
  /** Registers an upstream and waits until its first discovery has ended well. */
  register(name: string, url: string, more?: Readonly<Record<string, unknown>>): Promise<GatewayEntity>
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** For a gateway that has to be told beforehand how it is reached. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Embedded PostgreSQL may run as another account, so the folder must be reachable for it. */
async function newDataDir(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'cw-'))
  await chmod(dir, 0o711)
  return dir
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function readToken(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()
}

function environment(options: GatewayOptions, dataDir: string, port: number): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CAUSEWAY_|DATABASE_|HOST$|PORT$|JWT_|VITEST)/.test(name),
  )
  return {
    ...Object.fromEntries(inherited),
    CAUSEWAY_WORKERS: '1',
    CAUSEWAY_DATA_DIR: dataDir,
    PORT: String(port),
    ...options.env,
  }
}

export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const dataDir = options.dataDir ?? (await newDataDir())
  if (options.env?.['DATABASE_URL'] === undefined) await giveCluster(dataDir)
  const port = Number(options.env?.['PORT'] ?? (await freePort()))
  const url = `http://127.0.0.1:${port}`
  const logFile = join(dataDir, 'output.log')
  const log = createWriteStream(logFile, { flags: 'a' })
  const env = environment(options, dataDir, port)
  const witness = Witness.of(env)
  const began = performance.now()
  const child = spawn(process.execPath, ['bin/causeway.js', 'serve'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const pid = child.pid as number
  const running = () => child.exitCode === null && child.signalCode === null

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const left = processTree(pid)
    if (running()) child.kill(signal)
    const [code] = await Promise.race([exited, sleep(35_000, [null] as [null], { ref: false })])
    for (const each of left) if (each.pid !== pid || running()) killStill(each)
    await new Promise<void>((resolve) => log.end(resolve))
    if (witness !== undefined && left.length > 0) testify(witness, { dataDir, logFile, left })
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    return code
  }

  const deadline = began + (options.readyWithinMs ?? 60_000)
  while (!(await isReady(url))) {
    if (!running() || performance.now() > deadline) {
      const output = await readFile(logFile, 'utf8').catch(() => '')
      await stop('SIGKILL')
      throw new Error(`the gateway did not get ready:\n${output.slice(-4000)}`)
    }
    await sleep(20)
  }
  const startedInMs = performance.now() - began
  const token = await readToken(dataDir)

  const api: RunningGateway['api'] = async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = await response.text()
    witness?.told(body)
    witness?.answered(`${method} ${path}`, response.status, answer)
    return { status: response.status, body: (answer === '' ? {} : JSON.parse(answer)) as GatewayEntity }
  }

  return {
    url,
    token,
    dataDir,
    pid,
    startedInMs,
    output: () => readFile(logFile, 'utf8'),
    processes: () => processTree(pid),
    api,
    async register(name, upstream, more) {
      const made = await register(api, { ...more, name, url: upstream })
      const workers = Number(options.env?.['CAUSEWAY_WORKERS'] ?? 1)
      if (workers > 1) await knownToAll({ url, token, workers }, made.id)
      return made
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
    },
  }
}

interface Ended {
  readonly dataDir: string
  readonly logFile: string
  readonly left: readonly ProcessInfo[]
}

function testify(witness: Witness, { dataDir, logFile, left }: Ended): void {
  if (!existsSync(join(dataDir, 'admin-token'))) return
  witness.ownSecrets(dataDir)
  const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()
  // The start that made the folder shows the token, once; further ones write into the same file.
  const written = readFileSync(logFile, 'utf8').replace(
    `shown this once and kept in ${join(dataDir, 'admin-token')}:\n  ${token}\n`,
    '',
  )
  witness.said('its output', written)
  witness.said('the process list', left.map(({ command }) => command).join('\n'))
  witness.keep(`${left[0]?.pid ?? 0}-${Date.now()}`)
}

const SETTLED = new Set(['ready', 'active', 'connected', 'online', 'reachable', 'ok', 'healthy'])

async function register(api: RunningGateway['api'], body: Readonly<Record<string, unknown>>): Promise<GatewayEntity> {
  const url = String(body['url'])
  const made = await api('POST', '/v1/gateways', body)
  if (made.status >= 300) throw new Error(`registering ${url}: ${made.status} ${JSON.stringify(made.body)}`)
  const until = performance.now() + 15_000
  for (let seen = made.body; ; await sleep(25)) {
    // With ten thousand tools it takes the worker a moment to know what it has just stored.
    if (isSettled(seen) && (await isKnown(api, seen))) return seen
    if (performance.now() > until) throw new Error(`${url} was not discovered: ${JSON.stringify(seen)}`)
    seen = (await api('GET', `/v1/gateways/${made.body.id}`)).body
  }
}

async function isKnown(api: RunningGateway['api'], { id }: GatewayEntity): Promise<boolean> {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
  return (await api('POST', `/gateways/${id}/mcp`, ping)).status !== 404
}

interface Known {
  readonly url: string
  readonly token: string
  readonly workers: number
}

/**
 * The worker that answered knows it at once, the others within a second, and one that is still starting began with what was there before.
 * So all have to be there; then new connections go to them in turn, until all say the same.
 */
async function knownToAll({ url, token, workers }: Known, id: string): Promise<void> {
  const until = performance.now() + 15_000
  for (let [agreed, said] = [0, '']; agreed < 4 * workers;) {
    if (performance.now() > until) throw new Error(`the workers do not agree on ${id}: ${said.slice(0, 200)}`)
    const heard = await listAnew(`${url}/gateways/${id}/mcp`, token)
    const areThere = agreed > 0 || (await areReady({ url, token, workers }))
    agreed = heard === said && areThere ? agreed + 1 : 0
    said = heard
  }
}

async function areReady({ url, token, workers }: Known): Promise<boolean> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  return (await answer.text()).includes(`\ncauseway_workers ${workers}\n`)
}

/** Asked over a connection of its own. */
async function listAnew(url: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const asked = request(url, { method: 'POST', agent: false, headers })
  asked.end('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return `${answer.statusCode} ${Buffer.concat(await answer.toArray()).toString()}`
}

function isSettled(gateway: GatewayEntity): boolean {
  return gateway['reachable'] === true || SETTLED.has(String(gateway['status'] ?? gateway['state']))
}
