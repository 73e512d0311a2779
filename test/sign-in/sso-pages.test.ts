import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'
import { listen } from '../support/listen.ts'
import { browse, CLIENT } from './identity-provider.ts'
import { ask } from './people.ts'
import { ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, provider, home, person, begin } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ gateway, provider, home, person, begin } = owned.use(await ssoScene()))
  person('eve')
  person('mal', { email: 'mal@<b>.org' })
})
afterAll(() => owned.disposeAsync())

/** What a browser says when somebody goes somewhere. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const GONE = '__Host-causeway-login=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax'

const went = (at: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(at, { redirect: 'manual', headers: { accept: BROWSER, ...headers } })

describe('a browser that is refused is shown a page', () => {
  test.each<[string, string | null, (at: URL) => void, number, RegExp, RegExp, boolean]>([
    [
      'it was begun elsewhere',
      'eve',
      (at) => at.searchParams.set('state', 'x'),
      400,
      /begun in this browser/,
      /begin again\.<\/p>/,
      false,
    ],
    ['its user did not want to', null, () => {}, 401, /let nobody in \(access_denied\)/, /begin again\.<\/p>/, true],
    [
      'the code is made up',
      'eve',
      (at) => at.searchParams.set('code', 'x'),
      401,
      /does not accept this code/,
      /begin again\.<\/p>/,
      true,
    ],
    [
      'its address is of another domain',
      'mal',
      () => {},
      403,
      /addresses of &lt;b&gt;\.org do not sign in here\./,
      /An administrator .* can help/,
      true,
    ],
  ])('%s', async (_, who, change, status, why, todo, isOver) => {
    const { cookie, url } = await begin()
    const at = new URL(await browse(url, home, who))
    change(at)
    const answer = await went(at.href, { cookie })
    const type = answer.headers.get('content-type')
    expect([answer.status, type]).toEqual([status, 'text/html; charset=utf-8'])
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'$/,
    )
    const text = await answer.text()
    expect(text).toContain('<h1>You are not signed in</h1>')
    expect(text).toMatch(why)
    expect(text).toMatch(todo)
    expect(text).toContain(`Request <code>${answer.headers.get('x-request-id')}</code>`)
    expect(answer.headers.getSetCookie()).toEqual(isOver ? [GONE] : [])
  })

  test('what came from elsewhere stands there as text', async () => {
    const answer = await went(`${home}/auth/sso/login?loopback_port=%3Cscript%3E`)
    const text = await answer.text()
    expect([answer.status, text.includes('loopback_port'), text.includes('<script')]).toEqual([422, true, false])
    const id = await went(`${home}/auth/sso/callback`, { 'x-request-id': 'a<b' })
    expect(await id.text()).not.toContain('a<b')
  })

  test('with the same status as JSON, for who asks for that or for nothing', async () => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/html', '']) {
      const answer = await went(`${home}/auth/sso/callback`, { accept })
      const { status, headers } = answer
      expect([accept, status, headers.get('content-type')]).toEqual([accept, 400, 'application/json; charset=utf-8'])
      expect(await answer.json()).toMatchObject({ code: 'invalid_request', request_id: headers.get('x-request-id') })
    }
    const other = await went(`${home}/v1/auth/email/me`)
    expect([other.status, other.headers.get('content-type')]).toEqual([401, 'application/json; charset=utf-8'])
  })
})

test('a sign-in that ends at a page of ours leaves the session’s cookie alone', async () => {
  const login = await went(`${home}/auth/sso/login?page=/docs`)
  const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const done = await went(await browse(login.headers.get('location') ?? '', home, 'eve'), { cookie })
  expect([done.status, done.headers.get('location')]).toEqual([303, '/docs'])
  expect(done.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-causeway=cw_/), GONE])
})

test('where a code is spent, the page leads to where the same sign-in begins; where it is not, it is loaded again', async () => {
  const goTo = async (start: string) => {
    const login = await went(start)
    const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
    return { cookie, at: await browse(login.headers.get('location') ?? '', home, 'eve') }
  }
  const { cookie, at } = await goTo(`${home}/auth/sso/login?page=/docs`)
  const shown = async (broken: string | undefined) => {
    provider.broken = broken
    const answer = await went(at, { cookie })
    return [answer.status, await answer.text(), answer.headers.getSetCookie()] as const
  }
  const begin = `${home}/auth/sso/login?page=%2Fdocs`
  const [early, later] = [await shown('/token'), await shown('/me')]
  expect(early).toEqual([503, expect.stringMatching(/Wait \d+ s, then load this page again\.<\/p>\n/), []])
  expect(later).toEqual([503, expect.stringMatching(/Wait \d+ s, then begin again\.<\/p>\n/), [GONE]])
  const asked = provider.asked.get('/token')
  const third = await shown(undefined)
  expect([third[0], provider.asked.get('/token')]).toEqual([400, asked])
  for (const [, text] of [later, third]) expect(text).toContain(`<a href="${begin}">Begin again</a>`)
  expect(early[1]).not.toContain('<a ')
  const json = await went(at, { cookie, accept: 'application/json' })
  expect(await json.json()).toMatchObject({ code: 'invalid_request', begin_at: begin })
  const anew = await goTo(begin)
  const done = await went(anew.at, { cookie: anew.cookie })
  expect([done.status, done.headers.get('location')]).toEqual([303, '/docs'])
})

test('where a network is not heard because of what the provider refused, nothing is begun either', async () => {
  const refused = async (): Promise<number> => {
    const { cookie, url } = await begin()
    const query = new URLSearchParams({
      state: new URL(url).searchParams.get('state') ?? '',
      code: 'x',
      iss: provider.issuer,
    })
    return (
      await ask(gateway, 'GET', `/auth/sso/callback?${query.toString()}`, { headers: { cookie }, from: '127.9.0.9' })
    ).status
  }
  const from = '127.9.0.9'
  // It is heard again a moment later, so both are asked in turn.
  const beginning = async () => {
    await refused()
    return await ask(gateway, 'GET', '/auth/sso/login', { from })
  }
  let answer = await beginning()
  for (let n = 0; n < 60 && answer.status !== 429; n++) answer = await beginning()
  const { status, headers, body } = answer
  expect([status, body.code, Number(headers['retry-after'])]).toEqual([429, 'overloaded', expect.any(Number)])
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask(gateway, 'GET', '/auth/sso/login', { from: '127.9.0.10' })).status).toBe(303)
})

test('of one network not all places to begin are taken, while the provider does not say what it is', async () => {
  const silent = owned.use(await listen(() => {}))
  const oidc = { issuer: silent.origin, client_id: CLIENT.id }
  await using own = await testDatabase()
  const env = {
    DATABASE_URL: own.url,
    CAUSEWAY_WORKERS: '1',
    CAUSEWAY_PUBLIC_URL: 'http://127.0.0.1:1',
    CAUSEWAY_OIDC: JSON.stringify(oidc),
  }
  await using apart = await startGateway({ env })
  const login = (from: string) => ask(apart, 'GET', '/auth/sso/login', { from })
  const waiting = Array.from({ length: 520 }, () => login('127.9.1.1'))
  const first = await Promise.race(waiting)
  expect([first.status, first.body.code, Number(first.headers['retry-after'])]).toEqual([429, 'overloaded', 2])
  const other = await login('127.9.1.2')
  expect([other.status, other.body.code]).toEqual([503, 'unavailable'])
  const statuses = (await Promise.all(waiting)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([429, 503]))
  // A few of those who waited may have left their places before the last one came.
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(512)
})
