import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'

const WORKER = new URL('./workers/embedded.ts', import.meta.url).pathname

export interface Owner extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it said once its database was there, or why there is none. */
  readonly said: { readonly url: string; readonly pid: number; readonly error?: string }
  kill(signal: NodeJS.Signals): Promise<void>
}

/** A process of its own that starts the embedded PostgreSQL on `dataDir`. */
export async function ownerProcess(dataDir: string, options: { uid?: number; worker?: string } = {}): Promise<Owner> {
  const { uid, worker = WORKER } = options
  const account = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, [worker, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...account,
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const died = exited.then(() => Promise.reject(new Error('the owner ended without a word')))
  died.catch(() => undefined)
  const [line] = (await Promise.race([once(lines, 'line'), died])) as [string]
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  return { child, said: JSON.parse(line) as Owner['said'], kill, [Symbol.asyncDispose]: () => kill('SIGTERM') }
}

export interface DataFolder extends AsyncDisposable {
  readonly path: string
}

/** An empty folder that every account may pass through. */
export async function dataFolder(mode = 0o711): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'cw-'))
  await chmod(path, mode)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

/** Runs and is not merely waiting to be collected by a parent that does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) Z /.test(stat)
}
