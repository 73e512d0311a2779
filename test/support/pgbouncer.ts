import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accountFolder, childServer, freePort, type ChildServer } from './child-server.ts'
import { pathOf } from './needs.ts'
import type { TestServer } from './postgres15.ts'

export interface PgBouncer extends TestServer {
  readonly logFile: string
  /** Starts it again on its port after it has ended. */
  restart(): Promise<void>
}

/** Debian's PgBouncer in transaction mode on loopback, before the database of `url`. */
export async function startPgBouncer(url: string, poolSize = 10, maxClients = 500): Promise<PgBouncer> {
  await using building = new AsyncDisposableStack()
  const folder = building.use(await accountFolder())
  const there = new URL(url)
  const host = there.searchParams.get('host') ?? there.hostname
  const port = await freePort()
  const config = join(folder.path, 'pgbouncer.ini')
  const users = join(folder.path, 'users')
  const logFile = join(folder.path, 'pgbouncer.log')
  const lines = [
    '[databases]',
    `* = host=${host} port=${there.port === '' ? 5432 : there.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    `logfile = ${logFile}`,
    'auth_type = trust',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    `max_client_conn = ${maxClients}`,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  await writeFile(users, `"${there.username}" "${there.password}"\n`)
  const own = `postgresql://${there.username}@127.0.0.1:${port}${there.pathname}`
  const start = () => childServer(folder.account, [pathOf('pgbouncer'), config], own)
  let server: ChildServer = await start()
  building.defer(() => server[Symbol.asyncDispose]())
  const owned = building.move()
  return {
    url: own,
    logFile,
    get pid() {
      return server.pid
    },
    async restart() {
      server = await start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
