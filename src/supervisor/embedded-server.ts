import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '#/errors/start-error.ts'
import { spawnTied, type Account } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import { postmaster, stopOrphan } from './embedded-postmaster.ts'

export interface ServerOptions {
  readonly account: Account | null
  readonly binaries: Binaries
  readonly data: string
  readonly sockets: string
  readonly log: EmbeddedLog
  readonly settings: Readonly<Record<string, string>>
}

export interface RunningServer extends AsyncDisposable {
  readonly pid: number
  /** Resolves when the server process has ended, for whatever reason, and says with what. */
  readonly ended: Promise<string>
}

/** How long a start may be refused because of what a killed server left behind. */
const RETRY_MS = 15_000
/** How long a start may take, crash recovery included. */
const READY_MS = 120_000
const STOP_MS = 15_000

const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  cluster_name: 'causeway',
  // A belt to our own braces: the server, too, ends a transaction that waits for something else.
  idle_in_transaction_session_timeout: '30s',
  // Statements that fail are the business of those who sent them.
  log_min_messages: 'log',
}

/** Starts the server program and waits until it is ready. Whoever was left running on this folder is stopped first. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const until = performance.now() + RETRY_MS
  for (;;) {
    await stopOrphan(options.data, options.log)
    const child = await start(options)
    const output = logged(child, options.log)
    const refusal = await ready(child, options.data)
    if (refusal === undefined) return running(child)
    // The dead server's process id or shared memory may linger for a moment.
    const lingers = /postmaster\.pid|shared memory/.test(output())
    if (!lingers || performance.now() > until) {
      throw new StartError(`the embedded PostgreSQL did not start (${refusal}): ${output()}`)
    }
    await sleep(250)
  }
}

async function start({ account, binaries, data, sockets, settings }: ServerOptions): Promise<ChildProcess> {
  const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [binaries.postgres, '-D', data, '-k', sockets, ...options]
  return await spawnTied(account, command, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** What matters of PostgreSQL's own words goes to the log; the last of them are kept for an error. */
function logged(child: ChildProcess, log: EmbeddedLog): () => string {
  let last = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    last = (last + text).slice(-2_048)
    for (const line of text.split('\n')) {
      if (/(FATAL|PANIC):/.test(line)) log.warn({ event: 'postgres.says', line }, 'embedded PostgreSQL')
    }
  })
  return () => last.trim()
}

/** Why it did not get ready, or undefined. The server says so itself in its pid file. */
async function ready(child: ChildProcess, data: string): Promise<string | undefined> {
  let ended: string | undefined
  child.once('error', (error) => (ended = error.message))
  child.once('close', (code, signal) => (ended = `it ended with ${code ?? signal}`))
  const until = performance.now() + READY_MS
  while (performance.now() < until) {
    if (ended !== undefined) return ended
    const file = await postmaster(data)
    if (file !== undefined && file.pid === child.pid && file.status === 'ready') return undefined
    await sleep(10)
  }
  child.kill('SIGKILL')
  return 'it did not get ready in time'
}

function running(child: ChildProcess): RunningServer {
  const ended = once(child, 'exit').then(([code, signal]) => String(code ?? signal))
  return {
    pid: child.pid ?? 0,
    ended,
    async [Symbol.asyncDispose]() {
      // SIGINT: sessions are ended, everything is written. SIGQUIT: at once, recovered on the next start.
      for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
        if (child.exitCode !== null || child.signalCode !== null) break
        child.kill(signal)
        await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })])
      }
    },
  }
}
