import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import { ask, eventually, login, mail, makePerson, USERS } from './people.ts'
import { ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, provider, database, home, person, signIn } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ gateway, provider, database, home, person, signIn } = owned.use(await ssoScene()))
  for (const name of ['Payments', 'Books']) await gateway.api('POST', '/v1/teams', { name })
})
afterAll(() => owned.disposeAsync())

const me = async (token: string) => (await ask(gateway, 'GET', '/v1/auth/email/me', { token })).status
const identities = (name: string) => `${USERS}/${mail(name)}/identities`
const as = (token: string, method: string, path: string, body?: object) =>
  ask(gateway, method, path, { token, ...(body && { body }) })

interface Identity {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly linked_at: string
}

async function listed(token: string, path = '/v1/auth/identities'): Promise<readonly Identity[]> {
  const { status, body } = await as(token, 'GET', path)
  expect(status).toBe(200)
  return body as unknown as readonly Identity[]
}

/** Somebody who came from the provider: its session, and what signs in as it. */
async function comer(
  name: string,
  over: object = {},
): Promise<{ readonly token: string; readonly identity: Identity }> {
  person(name, over)
  const { body } = await signIn(name)
  await eventually(async () => (await me(body.access_token)) === 200)
  const [identity] = await listed(body.access_token)
  if (identity === undefined) throw new Error(`${name} has no identity`)
  return { token: body.access_token, identity }
}

const unlinked = () =>
  database.sql<{ actor: string; detail: string }>(
    `SELECT actor, detail FROM audit_log WHERE action = 'identity.unlink' ORDER BY seq DESC`,
  )

describe('of one’s own', () => {
  test('they are listed, and the only way in stays', async () => {
    const { token, identity } = await comer('ann')
    expect(identity).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      issuer: provider.issuer,
      subject: 'ann',
      linked_at: expect.stringMatching(/^20\d\d-/),
    })
    const refused = await as(token, 'DELETE', `/v1/auth/identities/${identity.id}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    expect(refused.body.detail).toContain('get yourself a password first')
    expect([await listed(token), await me(token)]).toEqual([[identity], 200])
    expect(await unlinked()).toEqual([])
  })

  test('with a password one goes, and what it began ends everywhere', async () => {
    await makePerson(gateway, 'bob')
    const { token, identity } = await comer('bob')
    const { body: local } = await login(gateway, 'bob')
    const done = await as(token, 'DELETE', `/v1/auth/identities/${identity.id}`)
    expect([done.status, done.body]).toEqual([200, { success: true, message: 'Unlinked' }])
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    await eventually(async () => (await me(local.access_token)) === 200)
    expect(await listed(local.access_token)).toEqual([])
    const [record] = await unlinked()
    expect([record?.actor, JSON.parse(record?.detail ?? '')]).toEqual([
      mail('bob'),
      { email: mail('bob'), recorded: true, issuer: provider.issuer, subject: 'bob', sessions: 1, lost: [] },
    ])
    // A verified address is linked again.
    expect((await comer('bob')).identity.id).toBe(identity.id)
  })

  test('not those of others, not by a narrowed token, and not what is none', async () => {
    const { identity } = await comer('cat')
    const { token } = await comer('dan')
    for (const id of [identity.id, '0'.repeat(32), 'none', '%00'])
      expect([id, (await as(token, 'DELETE', `/v1/auth/identities/${id}`)).status]).toEqual([id, 404])
    const narrow = { name: 'narrow', scope: { permissions: ['access.read'] } }
    const { body: made } = await as(token, 'POST', '/v1/tokens', narrow)
    await eventually(async () => (await me(made.access_token)) === 200)
    const [own] = await listed(made.access_token)
    const refused = await as(made.access_token, 'DELETE', `/v1/auth/identities/${own?.id}`)
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('not narrowed')])
    expect((await as(token, 'GET', identities('cat'))).status).toBe(403)
    expect((await as(token, 'DELETE', `${identities('cat')}/${identity.id}`)).status).toBe(403)
  })

  test('of two at once, one stays', async () => {
    const { token, identity } = await comer('eve')
    await database.sql(`INSERT INTO user_identities (issuer, subject, user_id)
      SELECT 'https://old.example.com', 'eve', id FROM users WHERE email = '${mail('eve')}'`)
    const both = await listed(token)
    expect(both.map(({ issuer }) => issuer)).toEqual([identity.issuer, 'https://old.example.com'])
    const paths = both.map(({ id }) => `${identities('eve')}/${id}`)
    const statuses = await Promise.all(paths.map(async (path) => (await as(gateway.token, 'DELETE', path)).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(await listed(gateway.token, identities('eve'))).toHaveLength(1)
  })

  test('what a former provider vouched for is no way in', async () => {
    const { token, identity } = await comer('ned')
    await database.sql(`INSERT INTO user_identities (issuer, subject, user_id)
      SELECT 'https://old.example.com', 'ned', user_id FROM user_identities WHERE subject = 'ned'`)
    const [, former] = await listed(token)
    expect(former?.issuer).toBe('https://old.example.com')
    for (const query of ['?dry_run=true', '']) {
      const refused = await as(token, 'DELETE', `/v1/auth/identities/${identity.id}${query}`)
      expect([query, refused.status, refused.body.code]).toEqual([query, 409, 'conflict'])
    }
    expect((await as(gateway.token, 'DELETE', `${identities('ned')}/${identity.id}`)).status).toBe(409)
    // Nobody comes in by it, so it is nobody's last way in.
    expect((await as(token, 'DELETE', `/v1/auth/identities/${former?.id}`)).status).toBe(200)
    expect(await listed(gateway.token, identities('ned'))).toEqual([identity])
  })
})

describe('of others', () => {
  test('who looks after users unlinks; the only way in takes an administrator who says so', async () => {
    await makePerson(gateway, 'helper')
    await gateway.api('POST', '/v1/rbac/roles', {
      name: 'helpdesk',
      scope: 'global',
      permissions: ['admin.user_management'],
    })
    const given = await as(gateway.token, 'POST', `/v1/rbac/users/${mail('helper')}/roles`, {
      role_id: 'helpdesk',
      scope: 'global',
    })
    expect(given.body.detail).toBeUndefined()
    const { body: helper } = await login(gateway, 'helper')
    const { token, identity } = await comer('fay', { groups: ['payers'] })
    const path = `${identities('fay')}/${identity.id}`
    await eventually(async () => (await as(helper.access_token, 'GET', identities('fay'))).status === 200)
    const refused = await as(helper.access_token, 'DELETE', path)
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      expect.stringMatching(/causeway user password .* or say force=true/),
    ])
    expect((await as(helper.access_token, 'DELETE', `${path}?force=true`)).status).toBe(403)
    const dry = await as(gateway.token, 'DELETE', `${path}?force=true&dry_run=true`)
    expect([dry.status, dry.body]).toMatchObject([200, { dry_run: true, users: 1, is_complete: true }])
    expect([await me(token), await listed(gateway.token, identities('fay'))]).toEqual([200, [identity]])
    const done = await as(gateway.token, 'DELETE', `${path}?force=true`)
    expect([done.status, done.body]).toMatchObject([200, { message: `Unlinked from ${mail('fay')}` }])
    expect(await eventually(async () => (await me(token)) === 401)).toBeLessThan(1_000)
    const [record] = await unlinked()
    expect(JSON.parse(record?.detail ?? '')).toMatchObject({
      subject: 'fay',
      forced: true,
      sessions: 1,
      lost: ['@books', '@payments', 'developer@payments', 'viewer@books'],
    })
    const apart = await database.sql<{ action: string }>(
      `SELECT action FROM audit_log WHERE actor <> 'sso' AND action <> 'session.begin' AND detail::json ->> 'email' = '${mail('fay')}' ORDER BY seq`,
    )
    expect(apart.map(({ action }) => action)).toEqual([
      'roles.revoke',
      'roles.revoke',
      'teams.member_remove',
      'teams.member_remove',
      'identity.unlink',
    ])
    const { identity: boss } = await comer('gus', { groups: ['bosses'] })
    expect((await as(helper.access_token, 'DELETE', `${identities('gus')}/${boss.id}`)).status).toBe(403)
  })

  test('what somebody has stays, and is there after the next sign-in', async () => {
    const { token, identity } = await comer('ida')
    const made = await as(token, 'POST', '/v1/tokens', { name: 'for the builds' })
    expect([made.status, made.body.detail]).toEqual([201, undefined])
    const own = String((made.body as unknown as Record<string, unknown>)['access_token'])
    expect((await as(gateway.token, 'DELETE', `${identities('ida')}/${identity.id}?force=true`)).status).toBe(200)
    await eventually(async () => (await me(token)) === 401)
    const { status } = await signIn('ida')
    expect(status).toBe(200)
    await eventually(async () => (await listed(gateway.token, identities('ida'))).length === 1)
    expect(await database.sql(`SELECT name, revoked_at FROM tokens WHERE name = 'for the builds'`)).toEqual([
      { name: 'for the builds', revoked_at: null },
    ])
    expect((await as(own, 'GET', '/v1/tools')).status).toBe(200)
  })

  test('causeway user identities and unlink', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cw-identities-'))
    owned.defer(() => rm(folder, { recursive: true, force: true }))
    const run = (args: readonly string[], token = gateway.token) =>
      causeway(['user', ...args], { CAUSEWAY_URL: home, CAUSEWAY_TOKEN: token, XDG_CONFIG_HOME: folder })
    const { token, identity } = await comer('hal')
    expect((await run(['identities', mail('hal')])).out).toMatch(
      new RegExp(`${identity.id} +${provider.issuer} +hal +20`),
    )
    expect(JSON.parse((await run(['identities', '--json'], token)).out)).toEqual([identity])
    const refused = await run(['unlink', mail('hal')])
    expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining('choose a password first')])
    expect((await run(['unlink', '--force'], token)).err).toContain('name one')
    const done = await run(['unlink', mail('hal'), '--id', identity.id, '--force'])
    expect([done.code, done.out]).toEqual([0, `unlinked hal at ${provider.issuer}\n`])
    expect((await run(['unlink', mail('hal')])).err).toContain('nothing to unlink')
    expect((await run(['identities', mail('hal')])).err).toContain('no identity provider has vouched')
  })
})
