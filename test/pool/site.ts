import { join } from 'node:path'
import { startHttpApi } from '../fixtures/http-api.ts'
import { slowProvider, type SlowProvider } from '../fixtures/slow-provider.ts'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { freePort, startGateway, type ApiAnswer, type GatewayEntity, type RunningGateway } from '../support/gateway.ts'
import { openRawClient, type Era, type RawClient } from '../support/raw-client.ts'

const STDIO_SERVER = join(import.meta.dirname, '../fixtures/stdio-server.ts')

/** How long every backend takes. */
export const SLOW_MS = 5000

/** A gateway with one worker and one database connection, before upstreams that take five seconds for everything. */
export interface Site extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly upstream: SlowServer
  /** Where people sign in, and whose tokens are accepted. */
  readonly provider: SlowProvider
  /** Gateways in front of a slow upstream of that era. */
  readonly gateways: Readonly<Record<Era, GatewayEntity>>
  /** A gateway whose server is started by a command. */
  readonly stdio: GatewayEntity
  readonly serverId: string
  /** A tool that calls an HTTP API. */
  readonly httpTool: string
  /** Ids of things that the legacy gateway offers. */
  readonly items: Readonly<Record<'tools' | 'prompts' | 'resources', string>>
  client(path: string, era: Era): Promise<RawClient>
  /** Registers this many gateways of their own whose upstream is fast now and takes five seconds from then on. */
  fleet(name: string, count: number): Promise<string[]>
}

/** Everything that a call may reach takes its time; what a registration needs does not, except where the path says so. */
const SLOW_METHODS = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete']
export const SLOW_PATH = '/legacy/late-'

export async function startSite(env: Readonly<Record<string, string>> = {}): Promise<Site> {
  await using building = new AsyncDisposableStack()
  const upstream = building.use(await startSlowServer())
  for (const method of SLOW_METHODS) upstream.delay(method, SLOW_MS)
  const provider = building.use(await slowProvider(SLOW_MS))
  const one = { DATABASE_POOL_SIZE: '1', CAUSEWAY_WORKERS: '1', ...(await signInWith(provider)), ...env }
  const gateway = building.use(await startGateway({ env: one }))
  const gateways = {
    legacy: await gateway.register('pool-legacy', upstream.at('legacy')),
    modern: await gateway.register('pool-modern', upstream.at('modern')),
  }
  const command = { transport: 'STDIO', command: process.execPath, args: [STDIO_SERVER] }
  const { body: stdio } = await gateway.api('POST', '/v1/gateways', { name: 'pool-stdio', ...command })
  const items = {
    tools: await idOf(gateway, 'tools', gateways.legacy.id),
    prompts: await idOf(gateway, 'prompts', gateways.legacy.id),
    resources: await idOf(gateway, 'resources', gateways.legacy.id),
  }
  const serverId = await makeServer(gateway)
  const api = building.use(await startHttpApi())
  const tool = { name: 'http', url: `${api.origin}/slow?ms=${SLOW_MS}` }
  const httpTool = (await gateway.api('POST', '/v1/tools', tool)).body.id
  const clients: RawClient[] = []
  building.defer(() => clients.forEach((client) => client[Symbol.dispose]()))
  const owned = building.move()
  return {
    gateway,
    upstream,
    provider,
    gateways,
    stdio,
    serverId,
    httpTool,
    items,
    async client(path, era) {
      const client = await openRawClient({ url: gateway.url + path, era, token: gateway.token })
      clients.push(client)
      return client
    },
    fleet: (name, count) => fleet(gateway, upstream, { name, count }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function signInWith({ issuer, jwksUrl }: SlowProvider): Promise<Readonly<Record<string, string>>> {
  const port = await freePort()
  return {
    PORT: String(port),
    CAUSEWAY_PUBLIC_URL: `http://127.0.0.1:${port}`,
    CAUSEWAY_OIDC: JSON.stringify({ issuer, client_id: 'causeway', unknown_users: 'make' }),
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: 'causeway',
    JWT_ALGORITHM: 'ES256',
    JWT_JWKS_URL: jwksUrl,
  }
}

async function idOf(gateway: RunningGateway, noun: string, gatewayId: string): Promise<string> {
  const items = await all(gateway, noun)
  const found = items.find((item) => item['gatewayId'] === gatewayId || item['gateway_id'] === gatewayId)
  if (!found) throw new Error(`the gateway offers no ${noun}: ${JSON.stringify(items).slice(0, 500)}`)
  return found.id
}

async function all(gateway: RunningGateway, noun: string): Promise<GatewayEntity[]> {
  const { status, body } = await gateway.api('GET', `/v1/${noun}?limit=100`)
  if (status !== 200) throw new Error(`GET /v1/${noun}: ${status} ${JSON.stringify(body)}`)
  return listed(body)
}

/** A list, bare or in an object of its noun. */
const listed = (body: unknown): GatewayEntity[] =>
  (Array.isArray(body) ? body : Object.values(body as object).find((value) => Array.isArray(value))) as GatewayEntity[]

async function makeServer(gateway: RunningGateway): Promise<string> {
  const ids = async (noun: string) => (await all(gateway, noun)).map(({ id }) => id)
  const server = {
    name: 'pool',
    associated_tools: await ids('tools'),
    associated_prompts: await ids('prompts'),
    associated_resources: await ids('resources'),
  }
  const made: ApiAnswer = await gateway.api('POST', '/v1/servers', { server, visibility: 'public' })
  if (made.status >= 300) throw new Error(`POST /v1/servers: ${made.status} ${JSON.stringify(made.body)}`)
  return made.body.id
}

const AT_ONCE = 8

async function fleet(
  gateway: RunningGateway,
  upstream: SlowServer,
  { name, count }: { name: string; count: number },
): Promise<string[]> {
  const ids: string[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      ids.push((await gateway.register(`${name}-${n}`, `${upstream.url}${SLOW_PATH}${name}-${n}`)).id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return ids
}
