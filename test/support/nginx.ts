import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountFolder } from './child-server.ts'
import { pathOf } from './needs.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './test-certificate.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy/nginx')

/** What the test's certificate is for. */
export const NAME = 'tls.test'

export interface NginxOptions {
  /** Where Causeway listens. */
  readonly gatewayPort: number
  readonly secret: string
  /** Of the server that passes tokens on, and of the one that has people sign in. */
  readonly ports: { readonly plain: number; readonly signedIn: number }
  /** Whom it lets sign in: passwords by addresses. */
  readonly people: Readonly<Record<string, string>>
}

export interface Nginx extends AsyncDisposable {
  /** A file. */
  readonly certificate: string
}

/** Debian's nginx on loopback with the configuration of `deploy/nginx`, in which only names, ports and places are others. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  await using building = new AsyncDisposableStack()
  const folder = building.use(await accountFolder())
  await writeFiles(folder.path, options)
  const args = ['-p', folder.path, '-c', join(folder.path, 'nginx.conf'), '-e', 'stderr']
  const child = spawn(pathOf('nginx'), args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...folder.account })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exited = once(child, 'exit')
  building.defer(async () => {
    child.kill('SIGTERM')
    await exited
  })
  for (const until = performance.now() + 10_000; !(await answers(Object.values(options.ports))); await sleep(20))
    if (child.exitCode !== null || performance.now() > until) throw new Error(`nginx did not start: ${said}`)
  const owned = building.move()
  return { certificate: join(folder.path, 'causeway.crt'), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function writeFiles(folder: string, { gatewayPort, secret, ports, people }: NginxOptions): Promise<void> {
  const [server = '', location = '', passing = ''] = await Promise.all(
    ['causeway.conf', 'causeway-signed-in.conf', 'causeway-proxy.inc'].map((name) =>
      readFile(join(DEPLOY, name), 'utf8'),
    ),
  )
  const here = (text: string): string => text.replaceAll('/etc/nginx/', `${folder}/`)
  const at = (text: string, port: number): string =>
    here(
      replaced(
        replaced(text, /^ {2}listen 443/m, `  listen 127.0.0.1:${port}`),
        'server_name mcp.example.com',
        `server_name ${NAME}`,
      ),
    )
  const plain = at(replaced(server, '127.0.0.1:4444', `127.0.0.1:${gatewayPort}`), ports.plain)
  const one = replaced(replaced(server, /^upstream causeway \{[^}]*\}$/m, ''), /^ {2}location \/ \{[^}]*\}$/m, location)
  const lines = Object.entries(people).map(([address, password]) => `${address}:{PLAIN}${password}\n`)
  const written = {
    'nginx.conf': main(folder),
    'plain.conf': plain,
    'signed-in.conf': at(one, ports.signedIn),
    'causeway-proxy.inc': here(passing),
    'causeway-secret.inc': `proxy_set_header X-Causeway-Proxy-Secret "${secret}";\n`,
    'causeway-people': lines.join(''),
    'causeway.crt': TEST_CERTIFICATE,
    'causeway.key': TEST_KEY,
  }
  await Promise.all(Object.entries(written).map(([name, text]) => writeFile(join(folder, name), text)))
}

function main(folder: string): string {
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `  ${of}_temp_path ${folder}/${of};`)
  return [
    'daemon off;',
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 512; }',
    'http {',
    '  access_log off;',
    ...kept,
    `  include ${folder}/plain.conf;`,
    `  include ${folder}/signed-in.conf;`,
    '}\n',
  ].join('\n')
}

/** What is not there cannot be another: a file that says it otherwise has to be seen here. */
function replaced(text: string, from: string | RegExp, to: string): string {
  const made = text.replace(from, () => to)
  if (made === text) throw new Error(`deploy/nginx does not say ${from.toString()}`)
  return made
}

async function answers(ports: readonly number[]): Promise<boolean> {
  const opened = ports.map(async (port) => {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return true
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  })
  return (await Promise.all(opened)).every(Boolean)
}
