import { Agent, request } from 'node:https'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { startTickingServer, type TickingServer } from '../fixtures/ticking-server.ts'
import { makePerson, mail } from '../sign-in/people.ts'
import { testDatabase } from '../support/database.ts'
import { freePort, startGateway, type RunningGateway } from '../support/gateway.ts'
import { needs, whatIsMissing, type Program } from '../support/needs.ts'
import { NAME, startNginx } from '../support/nginx.ts'
import { TEST_CERTIFICATE } from '../support/test-certificate.ts'

/** A gateway behind nginx, with two servers behind it. */
export interface ProxyScene extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly ticking: TickingServer
  readonly slow: SlowServer
  /** nginx, where tokens are passed on. */
  readonly plain: number
  /** nginx, where people sign in. */
  readonly signedIn: number
  readonly publicUrl: string
  /** A file with nginx's certificate. */
  readonly certificate: string
}

export const SECRET = 'between-nginx-and-the-gateway-only'
export const NGINX_PASSWORD = 'of-nginx-alone'

export function sceneForTests(...more: readonly Program[]): () => ProxyScene {
  const owned = new AsyncDisposableStack()
  let scene: ProxyScene | undefined
  beforeAll(async () => {
    if (whatIsMissing(['nginx', ...more]) === null) scene = owned.use(await proxyScene())
  })
  afterAll(() => owned.disposeAsync())
  beforeEach((context) => needs(context, 'nginx', ...more))
  return () => {
    if (scene === undefined) throw new Error('there is no nginx')
    return scene
  }
}

async function proxyScene(): Promise<ProxyScene> {
  await using building = new AsyncDisposableStack()
  const ticking = building.use(await startTickingServer())
  const slow = building.use(await startSlowServer())
  const database = building.use(await testDatabase())
  const ports = { plain: await freePort(), signedIn: await freePort() }
  const publicUrl = `https://${NAME}:${ports.plain}`
  const gateway = building.use(
    await startGateway({
      env: {
        DATABASE_URL: database.url,
        CAUSEWAY_WORKERS: '2',
        CAUSEWAY_PUBLIC_URL: publicUrl,
        CAUSEWAY_TRUSTED_PROXY: JSON.stringify({ peers: ['127.0.0.1'], user_header: 'X-Remote-User' }),
        CAUSEWAY_TRUSTED_PROXY_SECRET: SECRET,
      },
    }),
  )
  const people = { [mail('ann')]: NGINX_PASSWORD, [mail('nobody')]: NGINX_PASSWORD }
  const nginx = building.use(
    await startNginx({ gatewayPort: Number(new URL(gateway.url).port), secret: SECRET, ports, people }),
  )
  await gateway.register('ticks', ticking.url)
  await gateway.register('sleeps', slow.at('legacy'))
  for (const name of ['ann', 'bob', 'cid']) await makePerson(gateway, name)
  const owned = building.move()
  const { certificate } = nginx
  return { gateway, ticking, slow, publicUrl, certificate, ...ports, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export interface Asking {
  readonly token?: string
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** A loopback address to come from: Linux has all of 127/8, and one of them is nginx. */
  readonly from?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Where clients are that nobody has reason to take for the proxy. */
export const ELSEWHERE = '127.9.0.9'
export const JSON_RPC = { accept: 'application/json, text/event-stream' }

/** One request to nginx on a connection of its own. */
export function ask(port: number, method: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { token, body, headers, from = ELSEWHERE } = asking
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    localAddress: from,
    servername: NAME,
    ca: TEST_CERTIFICATE,
    agent: new Agent({ keepAlive: false }),
    headers: {
      host: `${NAME}:${port}`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  return new Promise((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.end(typeof body === 'object' ? JSON.stringify(body) : body)
  })
}
