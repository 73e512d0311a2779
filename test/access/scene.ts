import { PERMISSIONS } from '#/access/permissions.ts'
import { TokenId, UserId } from '#/access/ids.ts'
import { mintToken } from '#/access/token-format.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

/** Everybody who may come to a door. `null`: sends no token. */
export const PRINCIPALS = [
  'none',
  'garbage',
  'mistyped',
  'expired',
  'revoked',
  'deactivated',
  'disabled user',
  'nothing',
  'stranger',
  'one server',
  'reads',
  'admin',
] as const
export type PrincipalName = (typeof PRINCIPALS)[number]

/** Ids of one kind: of a thing that exists and belongs to the administrator alone, and of none. */
export interface Pair {
  readonly there: string
  readonly absent: string
}

export interface Scene extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly tokens: Readonly<Record<PrincipalName, string | null>>
  readonly ids: Readonly<Record<'gateways' | 'servers' | 'tools' | 'prompts' | 'resources' | 'tokens', Pair>>
  /** The virtual server that `one server` is narrowed to. */
  readonly ownServer: string
  /** What the own server offers, and a tool that it does not, as /mcp calls them. */
  readonly names: { readonly tool: string; readonly prompt: string; readonly uri: string; readonly outside: string }
}

const ABSENT = 'f'.repeat(32)
const READS = PERMISSIONS.filter((name) => name.endsWith('.read'))

export async function accessScene(): Promise<Scene> {
  await using building = new AsyncDisposableStack()
  const upstream = building.use(await startSlowServer())
  const database = building.use(await testDatabase())
  const gateway = building.use(await startGateway({ env: { DATABASE_URL: database.url } }))
  const mine = { visibility: 'private' }
  const made = await gateway.api('POST', '/v1/gateways', { name: 'up', url: upstream.at('modern'), ...mine })
  await gateway.register('other', upstream.at('legacy'))
  const items = {
    tools: await firstOf(gateway, 'tools', made.body.id),
    prompts: await firstOf(gateway, 'prompts', made.body.id),
    resources: await firstOf(gateway, 'resources', made.body.id),
  }
  const own = await makeServer(gateway, 'own', {
    associated_tools: [items.tools],
    associated_prompts: [items.prompts],
    associated_resources: [items.resources],
  })
  const other = await makeServer(gateway, 'other', {})
  const tokens = await makeTokens(gateway, database.db, own)
  const pair = (there: string): Pair => ({ there, absent: ABSENT })
  const ids = {
    gateways: pair(made.body.id),
    servers: pair(other),
    tools: pair(items.tools),
    prompts: pair(items.prompts),
    resources: pair(items.resources),
    tokens: pair(await idOfToken(gateway)),
  }
  const owned = building.move()
  return {
    gateway,
    tokens,
    ids,
    ownServer: own,
    names: { tool: 'up-slow', prompt: 'up-slow', uri: 'slow://thing', outside: 'up-echo' },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function firstOf(gateway: RunningGateway, noun: string, gatewayId: string): Promise<string> {
  const { body } = await gateway.api('GET', `/v1/${noun}?limit=100`)
  const all = (Array.isArray(body) ? body : Object.values(body).find((each) => Array.isArray(each))) as {
    id: string
    gatewayId: string
    originalName?: string
  }[]
  const found = all.find((each) => each.gatewayId === gatewayId && (noun !== 'tools' || each.originalName === 'slow'))
  if (found === undefined) throw new Error(`no ${noun} of ${gatewayId}: ${JSON.stringify(body)}`)
  return found.id
}

async function makeServer(gateway: RunningGateway, name: string, items: object): Promise<string> {
  const { status, body } = await gateway.api('POST', '/v1/servers', {
    server: { name, visibility: 'private', ...items },
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

async function idOfToken(gateway: RunningGateway): Promise<string> {
  return (await make(gateway, 'a target')).id
}

async function makeTokens(gateway: RunningGateway, db: OpenDatabase, server: string): Promise<Scene['tokens']> {
  const expired = await make(gateway, 'expired')
  const revoked = await make(gateway, 'revoked')
  const deactivated = await make(gateway, 'deactivated')
  const nothing = await make(gateway, 'nothing')
  const one = await make(gateway, 'one server', { server_id: server })
  const reads = await make(gateway, 'reads', { permissions: READS })
  await gateway.api('DELETE', `/v1/tokens/${revoked.id}`)
  await gateway.api('PUT', `/v1/tokens/${deactivated.id}`, { is_active: false })
  const stranger = await makeUser(db, 'stranger', true)
  const disabled = await makeUser(db, 'disabled', false)
  const { seq } = await db.write('tests', async (tx) => {
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
  await known(gateway, stranger, Number(seq))
  return {
    none: null,
    garbage: 'no-token-of-ours',
    mistyped: `${reads.text.slice(0, -1)}${reads.text.endsWith('A') ? 'B' : 'A'}`,
    expired: expired.text,
    revoked: revoked.text,
    deactivated: deactivated.text,
    'disabled user': disabled,
    nothing: nothing.text,
    stranger,
    'one server': one.text,
    reads: reads.text,
    admin: gateway.token,
  }
}

/** A user who owns nothing, with a token. */
async function makeUser(db: OpenDatabase, name: string, enabled: boolean): Promise<string> {
  const userId = UserId.mint()
  const tokenId = TokenId.mint()
  const token = mintToken()
  await db.write('tests', async (tx) => {
    await tx.sql
      .insertInto('users')
      .values({ id: userId, email: `${name}@example.com`, is_admin: false, enabled })
      .execute()
    const row = { id: tokenId, user_id: userId, name, hash: token.hash, hint: token.hint }
    await tx.sql.insertInto('tokens').values(row).execute()
    tx.changed('user', userId)
    tx.changed('token', tokenId)
  })
  return token.text
}

/** Waits until the gateway's snapshot has what was written past it. */
async function known(gateway: RunningGateway, token: string, seq: number): Promise<void> {
  for (let n = 0; n < 200; n++) {
    const { status } = await fetch(`${gateway.url}/v1/tools`, { headers: { authorization: `Bearer ${token}` } })
    if (status === 403) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`the gateway did not learn of change ${seq}`)
}
