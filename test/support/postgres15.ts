import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { accountFolder, childServer, freePort } from './child-server.ts'
import { pathOf } from './needs.ts'

export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

/** Debian's PostgreSQL 15 with an empty cluster of its own, on loopback: the oldest that is supported. */
export async function startPostgres15(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  await using building = new AsyncDisposableStack()
  const folder = building.use(await accountFolder())
  const data = join(folder.path, 'data')
  const initdb = join(dirname(pathOf('postgres15')), 'initdb')
  const flags = ['-U', 'causeway', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  await promisify(execFile)(initdb, ['-D', data, ...flags], { cwd: '/', ...folder.account })
  const port = settings['port'] ?? (await freePort())
  const all = {
    fsync: 'off',
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...settings,
  }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = `postgresql://causeway@127.0.0.1:${port}/postgres`
  const server = building.use(await childServer(folder.account, [pathOf('postgres15'), '-D', data, ...options], url))
  const owned = building.move()
  return { url, pid: server.pid, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
