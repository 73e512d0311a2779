import { PERMISSIONS } from '#/access/permissions.ts'
import type { TokenId } from '#/access/ids.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { sharedSecret, signed } from '../support/signed-tokens.ts'
import { makePeople, makeUser, TEAM_PEOPLE } from './people.ts'
import { makeThings, type Things } from './things.ts'

/** Everybody who may come to a door. */
export const PRINCIPALS = [
  'none',
  'garbage',
  'mistyped',
  'expired',
  'revoked',
  'deactivated',
  'disabled user',
  'JWT of another issuer',
  'JWT for another audience',
  'expired JWT',
  'proxy without its secret',
  'proxy with another secret',
  'secret from elsewhere',
  'nothing',
  'stranger',
  'one server',
  'elsewhere',
  'page elsewhere',
  ...TEAM_PEOPLE,
  'member by JWT',
  'member by proxy',
  'page',
  'reads',
  'admin',
] as const
export type PrincipalName = (typeof PRINCIPALS)[number]

/** Who brings its token in the session cookie, and not in the Authorization field: and whose page that is. */
const PAGES: Partial<Record<PrincipalName, string>> = { page: 'same-origin', 'page elsewhere': 'cross-site' }

/** Linux has all of 127/8: this one is the proxy, everybody else comes from another. */
const PROXY = '127.7.0.1'
const BETWEEN = 'between-the-proxy-and-the-gateway'
const TRUSTED = JSON.stringify({ peers: [PROXY], user_header: 'X-Remote-User' })
const PROXY_ENV = { CAUSEWAY_TRUSTED_PROXY: TRUSTED, CAUSEWAY_TRUSTED_PROXY_SECRET: BETWEEN }

/** Who is whom a proxy names, which is the member each time: where that comes from, and the secret beside it. */
const NAMED: Partial<Record<PrincipalName, { readonly from?: string; readonly secret?: string }>> = {
  'member by proxy': { from: PROXY, secret: BETWEEN },
  'proxy without its secret': { from: PROXY },
  'proxy with another secret': { from: PROXY, secret: `${BETWEEN}!` },
  'secret from elsewhere': { secret: BETWEEN },
}

export interface Coming {
  readonly headers: Readonly<Record<string, string>>
  /** The address that the request is sent from. */
  readonly localAddress?: string
}

/** What somebody sends along, and from where. */
export function comingAs(principal: PrincipalName, token: string | null): Coming {
  const named = NAMED[principal]
  if (named !== undefined) {
    const secret = named.secret !== undefined && { 'x-causeway-proxy-secret': named.secret }
    const headers = { 'x-forwarded-for': '198.51.100.7', 'x-remote-user': 'member@example.com', ...secret }
    return { headers, ...(named.from !== undefined && { localAddress: named.from }) }
  }
  if (token === null) return { headers: {} }
  const site = PAGES[principal]
  if (site === undefined) return { headers: { authorization: `Bearer ${token}` } }
  return { headers: { cookie: `__Host-causeway=${token}`, 'sec-fetch-site': site } }
}

export interface Scene extends AsyncDisposable {
  readonly gateway: RunningGateway
  /** `null`: sends none, or is named. Pages have that of the member. */
  readonly tokens: Readonly<Record<PrincipalName, string | null>>
  readonly ids: Things
  /** The virtual server that `one server` is narrowed to. */
  readonly narrowedTo: string
}

const ISSUER = 'https://id.example.com'
const SECRET = 'a-secret-of-the-identity-provider-alone'
const ISSUER_ENV = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: 'causeway', JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: SECRET }

/** What an identity provider says of the member, signed with the one key that is trusted. */
function jwt(over: object = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER, aud: 'causeway', email: 'member@example.com', iat: now, exp: now + 3_600, ...over }
  return signed(sharedSecret(SECRET), claims)
}

const READS = PERMISSIONS.filter((name) => name.endsWith('.read'))

/** `through`: the address at which the gateway is to find its database. */
export async function accessScene(through = async (url: string): Promise<string> => url): Promise<Scene> {
  await using building = new AsyncDisposableStack()
  const upstream = building.use(await startSlowServer())
  const database = building.use(await testDatabase())
  const gateway = building.use(
    await startGateway({ env: { DATABASE_URL: await through(database.url), ...ISSUER_ENV, ...PROXY_ENV } }),
  )
  const people = await makePeople(database.db)
  await known(gateway, people.tokens['other member'])
  const ids = await makeThings(gateway, people, upstream.at('modern'))
  const narrowedTo = await makeNarrow(gateway, ids)
  const pages = { page: people.tokens.member, 'page elsewhere': people.tokens.member }
  const tokens = { ...people.tokens, ...pages, ...(await makeTokens(gateway, database.db, narrowedTo)) }
  const owned = building.move()
  return { gateway, tokens, ids, narrowedTo, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** A virtual server of the administrator's with some of what is private. */
async function makeNarrow(gateway: RunningGateway, ids: Things): Promise<string> {
  const { status, body } = await gateway.api('POST', '/v1/servers', {
    name: 'narrow',
    visibility: 'private',
    associated_tools: [ids.tools.private],
    associated_prompts: [ids.prompts.private],
    associated_resources: [ids.resources.private],
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body.id
}

interface Made {
  readonly id: string
  readonly text: string
}

async function make(gateway: RunningGateway, name: string, scope?: object): Promise<Made> {
  const { status, body } = await gateway.api('POST', '/v1/tokens', { name, ...(scope && { scope }) })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return { id: (body['token'] as { id: string }).id, text: String(body['access_token']) }
}

type Others = Omit<Scene['tokens'], (typeof TEAM_PEOPLE)[number] | 'page' | 'page elsewhere'>

async function makeTokens(gateway: RunningGateway, db: OpenDatabase, server: string): Promise<Others> {
  const expired = await make(gateway, 'expired')
  const revoked = await make(gateway, 'revoked')
  const deactivated = await make(gateway, 'deactivated')
  const nothing = await make(gateway, 'nothing')
  const one = await make(gateway, 'one server', { server_id: server })
  const elsewhere = await make(gateway, 'elsewhere', { ip_restrictions: ['192.0.2.1'] })
  const reads = await make(gateway, 'reads', { permissions: READS })
  await gateway.api('DELETE', `/v1/tokens/${revoked.id}`)
  await gateway.api('PUT', `/v1/tokens/${deactivated.id}`, { is_active: false })
  const stranger = await makeUser(db, 'stranger')
  const disabled = await makeUser(db, 'disabled', false)
  await db.write('tests', async (tx) => {
    const past = new Date(Date.now() - 60_000)
    await tx.sql
      .updateTable('tokens')
      .set({ expires_at: past })
      .where('id', '=', expired.id as TokenId)
      .execute()
    await tx.sql
      .updateTable('tokens')
      .set({ permissions: '[]' })
      .where('id', '=', nothing.id as TokenId)
      .execute()
    tx.changed('token', expired.id, nothing.id)
  })
  await known(gateway, stranger.token)
  return {
    none: null,
    garbage: 'no-token-of-ours',
    mistyped: `${reads.text.slice(0, -1)}${reads.text.endsWith('A') ? 'B' : 'A'}`,
    expired: expired.text,
    revoked: revoked.text,
    deactivated: deactivated.text,
    'disabled user': disabled.token,
    'JWT of another issuer': jwt({ iss: 'https://evil.example.com' }),
    'JWT for another audience': jwt({ aud: 'somebody-else' }),
    'expired JWT': jwt({ exp: Math.floor(Date.now() / 1000) - 60 }),
    'proxy without its secret': null,
    'proxy with another secret': null,
    'secret from elsewhere': null,
    nothing: nothing.text,
    stranger: stranger.token,
    'one server': one.text,
    elsewhere: elsewhere.text,
    'member by JWT': jwt(),
    'member by proxy': null,
    reads: reads.text,
    admin: gateway.token,
  }
}

/** Waits until the gateway's snapshot has what was written past it. */
async function known(gateway: RunningGateway, token: string): Promise<void> {
  for (let n = 0; n < 200; n++) {
    const { status } = await fetch(`${gateway.url}/v1/tools`, { headers: { authorization: `Bearer ${token}` } })
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the gateway did not learn of the people')
}
