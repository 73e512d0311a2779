import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { accountFolder, childServer, freePort, type ChildServer } from './child-server.ts'
import { pathOf } from './needs.ts'

export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

export interface Postgres15 extends TestServer {
  /** Where everything of it lies. */
  readonly folder: string
  /** Starts it again after it was killed: it recovers from its log. */
  restart(): Promise<void>
}

export interface Postgres15Options {
  /** The size of a disk of its own; 0: it has none. */
  readonly diskBytes?: number
}

/** Debian's PostgreSQL 15 with an empty cluster of its own, on loopback: the oldest that is supported. */
export async function startPostgres15(
  settings: Readonly<Record<string, string>> = {},
  { diskBytes = 0 }: Postgres15Options = {},
): Promise<Postgres15> {
  await using building = new AsyncDisposableStack()
  const folder = building.use(await accountFolder({ diskBytes }))
  const data = join(folder.path, 'data')
  const initdb = join(dirname(pathOf('postgres15')), 'initdb')
  const flags = ['-U', 'causeway', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--wal-segsize=1']
  await promisify(execFile)(initdb, ['-D', data, ...flags], { cwd: '/', ...folder.account })
  const port = settings['port'] ?? (await freePort())
  const all = {
    fsync: 'off',
    min_wal_size: '4MB',
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...settings,
  }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = `postgresql://causeway@127.0.0.1:${port}/postgres`
  const start = () => childServer(folder.account, [pathOf('postgres15'), '-D', data, ...options], url)
  let server: ChildServer = await start()
  building.defer(() => server[Symbol.asyncDispose]())
  const owned = building.move()
  return {
    url,
    folder: folder.path,
    get pid() {
      return server.pid
    },
    async restart() {
      server = await start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
