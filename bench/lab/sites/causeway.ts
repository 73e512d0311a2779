import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'

/** A Causeway in processes of its own, as an operator runs it. */
export interface RunningCauseway extends AsyncDisposable {
  readonly url: string
  /** The administrator's. */
  readonly token: string
  readonly pid: number
  readonly logFile: string
}

export interface CausewayOptions {
  /** Settings; what the laboratory itself was started with is not passed on. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

const READY_WITHIN_MS = 90_000
/** The drain of 25 s, and the database after it. */
const STOPPED_WITHIN_MS = 35_000
const SETTINGS = /^(CAUSEWAY_|DATABASE_|HOST$|PORT$)/

/** Waits until it is ready. Its folder and everything in it goes when it is disposed. */
export async function startCauseway({ env = {}, signal }: CausewayOptions): Promise<RunningCauseway> {
  await using building = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'cw-lab-'))
  building.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  // An embedded PostgreSQL runs under another account, which passes through.
  await chmod(folder, 0o711)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const logFile = join(folder, 'output.log')
  const own = { CAUSEWAY_DATA_DIR: folder, PORT: String(port), ...env }
  const gateway = run({ ...inherited(), ...own }, logFile)
  building.defer(gateway.stop)
  await ready(url, { running: gateway.running, logFile, signal })
  const token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim()
  const owned = building.move()
  return { url, token, pid: gateway.pid, logFile, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const inherited = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)))

/** The launcher of the package that this file is part of. */
function launcher(): string {
  for (let folder = import.meta.dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    const file = join(folder, 'bin/causeway.js')
    if (existsSync(file)) return file
  }
  throw new Error('bin/causeway.js is missing: is the package whole?')
}

function run(env: NodeJS.ProcessEnv, logFile: string): { pid: number; running(): boolean; stop(): Promise<void> } {
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, [launcher(), 'serve'], {
    env,
    stdio: ['ignore', log, log],
    // In a session of its own: Ctrl-C is for us to hear.
    detached: true,
  })
  closeSync(log)
  const exited = once(child, 'exit')
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid ?? 0,
    running,
    async stop() {
      if (running()) child.kill('SIGTERM')
      await Promise.race([exited, sleep(STOPPED_WITHIN_MS, undefined, { ref: false })])
      if (running()) child.kill('SIGKILL')
    },
  }
}

interface Starting {
  readonly running: () => boolean
  readonly logFile: string
  readonly signal: AbortSignal
}

async function ready(url: string, { running, logFile, signal }: Starting): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (!(await isReady(url))) {
    signal.throwIfAborted()
    if (!running() || performance.now() > deadline) {
      const said = await readFile(logFile, 'utf8')
      throw new Error(`the gateway did not get ready:\n${said.slice(-4000)}`)
    }
    await sleep(100)
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
