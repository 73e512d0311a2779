import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { giveTo, unprivilegedAccount, type Account } from '../../src/supervisor/embedded-account.ts'

/** A folder of the account that a test's servers run under, removed when disposed. */
export interface AccountFolder extends AsyncDisposable {
  readonly path: string
  readonly account: Account | null
}

/** `diskBytes`: it is a disk of its own, of this size and in memory, so that it can be filled. Only root can mount one. */
export async function accountFolder({ diskBytes = 0 }: { readonly diskBytes?: number } = {}): Promise<AccountFolder> {
  await using building = new AsyncDisposableStack()
  const account = await unprivilegedAccount()
  const path = await mkdtemp(join(tmpdir(), 'cw-'))
  building.defer(() => rm(path, { recursive: true, force: true }))
  if (diskBytes > 0) {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'causeway-test', path])
    building.defer(async () => void (await run('umount', ['--lazy', path])))
  }
  await giveTo(account, path)
  await chmod(path, 0o700)
  const owned = building.move()
  return { path, account, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const run = promisify(execFile)

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export interface ChildServer extends AsyncDisposable {
  readonly pid: number
}

/** Runs a server as our child until it is disposed; `url` tells when it answers. */
export async function childServer(
  account: Account | null,
  command: readonly string[],
  url: string,
): Promise<ChildServer> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...account })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const until = performance.now() + 15_000
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > until) {
      await end(child)
      throw new Error(`${program} did not start: ${output}`)
    }
    await sleep(30)
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGINT')
  await Promise.race([once(child, 'exit'), sleep(5_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
