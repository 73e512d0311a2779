import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partsOf } from '#/api/openapi.ts'
import { everyEndpoint } from '../access/doors.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url } }))
})
afterAll(() => owned.disposeAsync())

interface Route {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly isOpen: boolean
  readonly hasBody: boolean
  readonly accept?: string
}

/** Every route there is at both its mounts: what is mounted is this list. */
const ROUTES: readonly Route[] = everyEndpoint().flatMap((endpoint) => {
  const { method, path } = partsOf(endpoint)
  return (endpoint.rootOnly === true ? [''] : ['', '/v1']).map((mount) => ({
    name: `${method} ${mount}${path}`,
    method,
    path: mount + path.replaceAll(/\{\w+\}/g, 'none'),
    isOpen: endpoint.permission === 'public',
    hasBody: endpoint.body !== undefined,
  }))
})

const MCP: readonly Route[] = [
  '/mcp',
  '/rpc',
  '/initialize',
  '/v1/protocol/completion/complete',
  `/servers/${'0'.repeat(32)}/mcp`,
  `/gateways/${'0'.repeat(32)}/mcp`,
].flatMap((path) =>
  ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS'].map((method) => ({
    name: `${method} ${path}`,
    method,
    path,
    isOpen: false,
    hasBody: method === 'POST',
  })),
)

const OTHERS: readonly Route[] = ['/health', '/ready', '/metrics', '/nowhere', '/v1/nowhere', '/%'].map((path) => ({
  name: `GET ${path} as text`,
  method: 'GET',
  path,
  isOpen: true,
  hasBody: false,
  accept: 'text/html',
}))

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly code: string | undefined
}

type Fields = Readonly<Record<string, string>>

function ask({ method, path, hasBody, accept = 'application/json' }: Route, headers: Fields): Promise<Answer> {
  const body = hasBody ? '{}' : undefined
  const about = { 'content-type': 'application/json', 'content-length': '2' }
  const said = { accept, ...(hasBody && about), ...headers }
  return new Promise((resolve, reject) => {
    const sent = request(gateway.url + path, { method, headers: said, agent: false }, (answer) => {
      const { statusCode: status = 0, headers: told } = answer
      const done = (text: string): void => {
        const code = /"code":"(\w+)"/.exec(text)?.[1]
        resolve({ status, headers: told, code })
      }
      // It tells what happens and never ends by itself.
      if (status === 200 && told['content-type']?.startsWith('text/event-stream') === true) {
        answer.destroy()
        return done('')
      }
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => done(Buffer.concat(chunks).toString()))
      answer.on('error', reject)
    })
    sent.on('error', reject).end(body)
  })
}

const cookie = (): Fields => ({ cookie: `__Host-causeway=${gateway.token}` })
const bearer = (): Fields => ({ authorization: `Bearer ${gateway.token}` })

const EVERY: Fields = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Origin, Authorization, Cookie',
}
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'"

test('every answer that a browser can get says what it may do with it', async () => {
  let seen = 0
  for (const route of [...ROUTES, ...MCP, ...OTHERS])
    for (const headers of [{}, ...(route.method === 'GET' ? [bearer()] : []), { origin: 'http://localhost:1' }]) {
      const answer = await ask(route, headers)
      const told = (name: string): unknown => answer.headers[name]
      for (const [name, value] of Object.entries(EVERY))
        expect([route.name, answer.status, name, told(name)]).toEqual([route.name, answer.status, name, value])
      const policy = String(told('content-security-policy'))
      const isPage = String(told('content-type')).startsWith('text/html')
      expect([route.name, policy]).toEqual([
        route.name,
        isPage ? expect.stringContaining("default-src 'none'") : NO_PAGE,
      ])
      expect(policy).not.toMatch(/unsafe|\*|script-src|connect-src/)
      expect([route.name, told('access-control-allow-origin')]).toEqual([route.name, undefined])
      seen++
    }
  expect(seen).toBeGreaterThan(2 * ROUTES.length)
}, 180_000)

/** The same for everybody. */
const DOCUMENTS = [
  'GET /',
  'GET /docs',
  'GET /openapi.json',
  'GET /.well-known/robots.txt',
  'GET /servers/{id}/.well-known/robots.txt',
]

test('no answer of REST is kept by anybody but for the documents', async () => {
  const kept: string[] = []
  for (const route of ROUTES) {
    const answer = await ask(route, route.method === 'GET' ? bearer() : {})
    if (answer.headers['content-type'] === 'text/event-stream') continue
    if (!String(answer.headers['cache-control']).includes('no-store')) kept.push(route.name)
  }
  expect(kept.toSorted()).toEqual(DOCUMENTS.toSorted())
}, 180_000)

/** Routes open to strangers that are about the token in hand. */
const OF_THE_TOKEN = ['/auth/logout', '/auth/refresh']

test('a session cookie changes nothing by any route, unless a page of ours sends it', async () => {
  const changing = ROUTES.filter(({ method }) => method !== 'GET')
  const elsewhere: readonly Fields[] = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://localhost:1' }, {}]
  for (const route of changing)
    for (const from of elsewhere) {
      const said = await ask(route, { ...cookie(), ...from })
      const about = [route.name, ...Object.keys(from)]
      const nobody = await ask(route, from)
      const counts = !route.isOpen || OF_THE_TOKEN.includes(route.path.replace(/^\/v1/, ''))
      if (counts) expect([...about, said.status, said.code]).toEqual([...about, 403, 'forbidden_page'])
      // It is not looked at: the password is, or a code.
      else expect([...about, said.status, said.code]).toEqual([...about, nobody.status, nobody.code])
    }
  expect(changing.length).toBeGreaterThan(100)
}, 180_000)

test('nothing is read with it from elsewhere, and nothing changes where something is read', async () => {
  const clock = async () => (await database.sql('SELECT * FROM change_clock'))[0]
  const before = await clock()
  const reading = ROUTES.filter(({ method }) => method === 'GET')
  for (const route of reading) {
    const stolen = await ask(route, { ...cookie(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })
    if (!route.isOpen) expect([route.name, stolen.code]).toEqual([route.name, 'forbidden_page'])
    const own = await ask(route, { ...cookie(), 'sec-fetch-site': 'same-origin' })
    expect([route.name, own.status]).not.toEqual([route.name, 403])
    expect([route.name, own.status]).not.toEqual([route.name, 401])
  }
  expect(await clock()).toEqual(before)
  expect(reading.length).toBeGreaterThan(50)
}, 180_000)

test('at the doors of programs it is nobody’s', async () => {
  for (const route of [...MCP, { ...(OTHERS[2] as Route) }]) {
    const [own, nobody] = [
      await ask(route, { ...cookie(), 'sec-fetch-site': 'same-origin', origin: gateway.url }),
      await ask(route, { origin: gateway.url }),
    ]
    expect([route.name, own.status]).toEqual([route.name, nobody.status])
    expect([route.name, nobody.status]).toEqual([route.name, 401])
  }
})
