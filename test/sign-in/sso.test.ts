import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import { answered } from './consent.ts'
import { browse, CLIENT } from './identity-provider.ts'
import { ask, eventually, mail, makePerson, USERS } from './people.ts'
import { sentences, ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, provider, database, home, person, signIn, begin, back, lastAudit } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ gateway, provider, database, home, person, signIn, begin, back, lastAudit } = owned.use(await ssoScene()))
  for (const name of ['Payments', 'Books']) await gateway.api('POST', '/v1/teams', { name })
})
afterAll(() => owned.disposeAsync())

const me = (token: string) => ask(gateway, 'GET', '/v1/auth/email/me', { token })

describe('signing in with an identity provider', () => {
  test('what is offered is said to strangers', async () => {
    const { status, body } = await ask(gateway, 'GET', '/v1/auth/sso')
    expect([status, body]).toEqual([
      200,
      { offered: true, issuer: provider.issuer, login_url: `${home}/auth/sso/login` },
    ])
  })

  test('the browser is sent there with PKCE, a state and a nonce', async () => {
    const { url, cookie } = await begin()
    const { origin, pathname, searchParams: asked } = new URL(url)
    expect([origin, pathname]).toEqual([provider.issuer, '/auth'])
    expect(Object.fromEntries(asked)).toEqual({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${home}/auth/sso/callback`,
      scope: 'openid email profile groups',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    for (const secret of [asked.get('state'), asked.get('nonce')]) expect(cookie).not.toContain(secret)
    expect((await begin()).url).not.toBe(url)
  })

  test('whoever is unknown becomes a user with a session like any other, on every worker', async () => {
    person('ann')
    const { status, body, headers } = await signIn('ann')
    expect([status, body.detail]).toEqual([200, undefined])
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      user: { email: mail('ann'), full_name: 'The ann', auth_provider: 'sso', email_verified: true, is_admin: false },
    })
    expect(headers['cache-control']).toContain('no-store')
    expect(headers['set-cookie']).toEqual([expect.stringMatching(/^__Host-causeway-login=; Max-Age=0; /)])
    await eventually(async () => (await me(body.access_token)).status === 200)
    const validated = await ask(gateway, 'GET', '/v1/auth/validate', { token: body.access_token })
    expect(validated.body).toMatchObject({ valid: true, session_source: 'sso' })
    expect(await lastAudit()).toMatchObject({ provider: 'sso', issuer: provider.issuer, subject: 'ann', made: true })
    const again = await signIn('ann')
    expect(again.status).toBe(200)
    expect(await lastAudit()).not.toHaveProperty('made')
    await eventually(async () => (await me(again.body.access_token)).status === 200)
    const refreshed = await ask(gateway, 'POST', '/v1/auth/refresh', { token: again.body.access_token })
    expect(refreshed.status).toBe(200)
    expect((await ask(gateway, 'POST', '/v1/auth/logout', { token: again.body.access_token })).status).toBe(200)
    expect(await eventually(async () => (await me(again.body.access_token)).status === 401)).toBeLessThan(1_000)
  })

  test('an address that is a user here leads to that user, once; the provider’s own name counts from then on', async () => {
    await makePerson(gateway, 'bob')
    person('bob-1', { email: mail('BOB') })
    expect((await signIn('bob-1')).body).toMatchObject({ user: { email: mail('bob') } })
    expect(await lastAudit()).toMatchObject({ linked: true })
    person('bob-2', { email: mail('bob') })
    expect(sentences(await signIn('bob-2'))).toEqual([403, expect.stringContaining('another account')])
    person('bob-1', { email: mail('robert') })
    expect((await signIn('bob-1')).body).toMatchObject({ user: { email: mail('bob') } })
  })
})

describe('a page of the gateway', () => {
  const login = (page: string) => ask(gateway, 'GET', `/auth/sso/login?${new URLSearchParams({ page }).toString()}`)

  test('gets the session as a cookie that no script can read, and the browser comes back to it', async () => {
    person('ida')
    const { headers } = await login('/docs?x=1#y')
    const cookie = String(headers['set-cookie']).split(';', 1)[0] ?? ''
    const at = await browse(String(headers['location']), home, 'ida')
    const done = await back(at, cookie)
    expect([done.status, done.headers['location'], done.body]).toEqual([303, '/docs?x=1#y', {}])
    const [session = ''] = done.headers['set-cookie'] as string[]
    expect(session).toMatch(/^__Host-causeway=cw_[^;]+; Max-Age=3600; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    const own = { cookie: session.split(';', 1)[0] ?? '', 'sec-fetch-site': 'same-origin' }
    await eventually(async () => (await ask(gateway, 'GET', '/v1/auth/email/me', { headers: own })).status === 200)
  })

  test.each(['//evil.example.com', '/\\evil.example.com', 'https://evil.example.com', '/a\nb', 'docs', ''])(
    '%j is none',
    async (page) => {
      expect((await login(page)).status).toBe(422)
    },
  )
})

describe('groups', () => {
  const rolesOf = async (name: string): Promise<readonly string[]> => {
    const rows = await database.sql<{ name: string }>(`
      SELECT r.name || coalesce('@' || t.slug, '') AS name FROM role_assignments AS a
        JOIN roles AS r ON r.id = a.role_id JOIN users AS u ON u.id = a.user_id LEFT JOIN teams AS t ON t.id = a.team_id
       WHERE u.email = '${mail(name)}' UNION ALL
      SELECT '@' || t.slug FROM team_members AS m JOIN teams AS t ON t.id = m.team_id JOIN users AS u ON u.id = m.user_id
       WHERE u.email = '${mail(name)}'`)
    return rows.map((row) => row.name).toSorted()
  }

  /** What was recorded of a user besides the sign-ins: actions with the names of what they were about, all by the provider's groups. */
  const changesOf = async (name: string): Promise<readonly string[]> => {
    const rows = await database.sql<{ action: string; detail: string }>(
      `SELECT action, detail FROM audit_log WHERE actor = 'sso' AND detail::json ->> 'email' = '${mail(name)}' ORDER BY seq`,
    )
    return rows.map(({ action, detail }) => {
      const said = JSON.parse(detail) as Readonly<Record<'name' | 'email' | 'team', string | undefined>>
      return [action, said.name ?? said.email, ...(said.team == null ? [] : [said.team])].join(' ')
    })
  }

  test('bring roles and memberships, and take them away again, as one change with the sign-in', async () => {
    person('cat', { groups: ['payers', 'strangers'] })
    expect((await signIn('cat')).status).toBe(200)
    expect(await rolesOf('cat')).toEqual([
      '@books',
      '@payments',
      'developer@payments',
      'platform_viewer',
      'viewer@books',
    ])
    expect(await lastAudit()).toMatchObject({
      gained: ['@books', '@payments', 'developer@payments', 'viewer@books'],
      lost: [],
      skipped: [],
    })
    person('cat', { groups: ['bosses'] })
    const boss = await signIn('cat')
    expect(boss.body).toMatchObject({ user: { is_admin: true } })
    expect(await lastAudit()).toMatchObject({
      gained: ['platform_admin'],
      lost: ['@books', '@payments', 'developer@payments', 'viewer@books'],
    })
    const records = await database.sql(`SELECT 1 FROM audit_log WHERE actor = '${mail('cat')}'`)
    expect(records).toHaveLength(2)
    expect(await changesOf('cat')).toEqual([
      'users.create cat@example.com',
      'teams.member_add Books',
      'teams.member_add Payments',
      'roles.assign developer Payments',
      'roles.assign viewer Books',
      'roles.revoke developer Payments',
      'roles.revoke viewer Books',
      'teams.member_remove Books',
      'teams.member_remove Payments',
      'roles.assign platform_admin',
    ])
    expect((await ask(gateway, 'GET', USERS, { token: boss.body.access_token })).status).toBe(200)
    person('cat')
    expect((await signIn('cat')).status).toBe(200)
    expect(await rolesOf('cat')).toEqual(['platform_viewer'])
    // What the session of before may do goes with the role.
    expect(
      await eventually(
        async () => (await ask(gateway, 'GET', USERS, { token: boss.body.access_token })).status === 403,
      ),
    ).toBeLessThan(1_000)
  })

  test('bring into the oldest of several teams of a slug', async () => {
    const { body: teams } = await gateway.api('GET', '/v1/teams?limit=100')
    const books = (teams['teams'] as { slug: string; id: string }[]).filter(({ slug }) => slug === 'books')
    const later = 'f'.repeat(32)
    await database.sql(
      `INSERT INTO teams (id, name, slug, created_at) VALUES ('${later}', 'Books', 'books', now()),
        ('${'0'.repeat(32)}', 'Books', 'books', now())`,
    )
    person('eve', { groups: ['payers'] })
    expect((await signIn('eve')).status).toBe(200)
    const rows = await database.sql<{ id: string }>(
      `SELECT t.id FROM team_members AS m JOIN teams AS t ON t.id = m.team_id JOIN users AS u ON u.id = m.user_id
        WHERE u.email = '${mail('eve')}' AND t.slug = 'books'`,
    )
    expect(rows).toEqual([{ id: books[0]?.id }])
    await database.sql(`DELETE FROM teams WHERE id IN ('${later}', '${'0'.repeat(32)}')`)
  })

  test('leave alone what people gave, and say what they could not bring', async () => {
    await makePerson(gateway, 'dan')
    const { body: teams } = await gateway.api('GET', '/v1/teams?limit=100')
    const books = (teams['teams'] as { slug: string; id: string }[]).find(({ slug }) => slug === 'books')
    await gateway.api('POST', `/v1/teams/${books?.id}/members`, { email: mail('dan'), role: 'member' })
    person('dan', { groups: ['ghosts', 'payers'] })
    expect((await signIn('dan')).status).toBe(200)
    expect(await lastAudit()).toMatchObject({ skipped: ['developer@nowhere', 'no_such_role'] })
    person('dan', { groups: [] })
    expect((await signIn('dan')).status).toBe(200)
    expect(await rolesOf('dan')).toEqual(['@books', 'platform_viewer'])
  })
})

describe('a command signs in with a browser of its machine', () => {
  /** From the address that it shows to the port that it waits at. */
  async function throughBrowser(shown: string, who: string): Promise<Response> {
    const login = await fetch(shown, { redirect: 'manual' })
    const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
    const at = await browse(login.headers.get('location') ?? '', home, who)
    const done = await answered(await fetch(at, { headers: { cookie } }), cookie)
    expect([done.status, done.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?/),
    ])
    return done
  }

  test('causeway login --sso', async () => {
    person('hal')
    const folder = await mkdtemp(join(tmpdir(), 'cw-sso-'))
    owned.defer(() => rm(folder, { recursive: true, force: true }))
    const env = { CAUSEWAY_URL: home, XDG_CONFIG_HOME: folder }
    const address = new RegExp(`${home}/auth/sso/login\\?\\S+(?=\\n)`)
    const shown = Promise.withResolvers<string>()
    const running = causeway(['login', '--sso'], env, '', (err) => {
      const [found] = address.exec(err) ?? []
      if (found !== undefined) shown.resolve(found)
    })
    const at = (await throughBrowser(await shown.promise, 'hal')).headers.get('location') ?? ''
    const other = new URL(at)
    other.searchParams.set('state', 'x'.repeat(43))
    expect((await fetch(other)).status).toBe(404)
    expect(await (await fetch(at)).text()).toContain('You are signed in')
    const run = await running
    expect(run).toMatchObject({ code: 0, out: expect.stringContaining(`signed in to ${home} as ${mail('hal')}`) })
    const why = await causeway(['why', 'tools.read'], env)
    expect(why.out).toContain(`${mail('hal')} may tools.read`)
  })

  test('what comes to its port is good once, and for nobody else', async () => {
    const verifier = 'v'.repeat(43)
    const challenge = hash('sha256', verifier, 'base64url')
    const query = new URLSearchParams({ loopback_port: '5000', challenge, loopback_state: 's'.repeat(43) })
    const done = await throughBrowser(`${home}/auth/sso/login?${query.toString()}`, 'hal')
    const code = new URL(done.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const redeem = (body: object) => ask(gateway, 'POST', '/v1/auth/sso/token', { body })
    expect((await redeem({ code, verifier: 'w'.repeat(43) })).status).toBe(401)
    expect((await redeem({ code: 'v1.k.AAAA', verifier })).status).toBe(401)
    expect((await redeem({ code, verifier })).body).toMatchObject({ user: { email: mail('hal') } })
    expect(sentences(await redeem({ code, verifier }))).toEqual([400, expect.stringMatching(/finished before/)])
    const half = await ask(gateway, 'GET', '/auth/sso/login?loopback_port=5000')
    expect(half.status).toBe(422)
  })
})
