import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { comparisonCode } from '#/lib/pkce.ts'
import { causeway } from '../support/cli.ts'
import { answered, formOn } from './consent.ts'
import { browse } from './identity-provider.ts'
import { mail, makePerson } from './people.ts'
import { ssoScene, type SsoScene } from './sso-scene.ts'

let { gateway, home, person } = {} as SsoScene
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ gateway, home, person } = owned.use(await ssoScene()))
  person('hal')
})
afterAll(() => owned.disposeAsync())

const CHALLENGE = hash('sha256', 'v'.repeat(43), 'base64url')
const QUERY = new URLSearchParams({ loopback_port: '5000', challenge: CHALLENGE, loopback_state: 's'.repeat(43) })

interface Asked {
  readonly page: Response
  readonly cookie: string
}

/** From the address that a program shows to the page that asks. */
async function asked(who: string, shown = `${home}/auth/sso/login?${QUERY.toString()}`): Promise<Asked> {
  const login = await fetch(shown, { redirect: 'manual' })
  const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const at = await browse(login.headers.get('location') ?? '', home, who)
  return { page: await fetch(at, { redirect: 'manual', headers: { cookie } }), cookie }
}

describe('before a program gets a session', () => {
  test('a page says who signs in, where the program waits, and the code that it shows', async () => {
    const { page } = await asked('hal')
    expect([page.status, page.headers.get('location')]).toEqual([200, null])
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http:\/\/127\.0\.0\.1:5000$/,
    )
    expect([page.headers.get('x-frame-options'), page.headers.get('cache-control')]).toEqual(['DENY', 'no-store'])
    const text = await page.text()
    for (const said of [`The hal (${mail('hal')})`, home, 'Port 5000', comparisonCode(CHALLENGE)])
      expect(text).toContain(said)
    expect(text).not.toMatch(/<script|127\.0\.0\.1:5000/)
  })

  test('it names the user here, whatever the provider calls whoever comes; and shows names as they are', async () => {
    await makePerson(gateway, 'bob')
    person('bob-1', { email: mail('bob') })
    await asked('bob-1')
    const { page, cookie } = await asked('bob-1')
    expect((await answered(page, cookie)).status).toBe(303)
    person('mal', { name: `<script>alert("1")</script>&'` })
    const text = await (await asked('mal')).page.text()
    expect(text).toContain(`&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39; (${mail('mal')})`)
    expect(text).not.toContain('<script')
  })

  test('whoever cancels gives nothing', async () => {
    const { page, cookie } = await asked('hal')
    const done = await answered(page, cookie, 'cancel')
    const at = new URL(done.headers.get('location') ?? '')
    expect([done.status, at.origin, Object.fromEntries(at.searchParams)]).toEqual([
      303,
      'http://127.0.0.1:5000',
      { error: 'access_denied', state: 's'.repeat(43), iss: home },
    ])
    expect(done.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-causeway-login=; Max-Age=0; /)])
  })
})

describe('no answer to the page is', () => {
  let mine: Asked
  let text: string
  beforeAll(async () => {
    mine = await asked('hal')
    text = await mine.page.text()
  })
  const form = () => formOn(text, 'confirm')
  const own = () => ({ cookie: mine.cookie, origin: home })

  test.each<[string, () => object, () => string | URLSearchParams, number]>([
    ['one of a page elsewhere', () => ({ ...own(), origin: 'http://127.0.0.1:1' }), form, 403],
    ['one of another site', () => ({ cookie: mine.cookie, 'sec-fetch-site': 'cross-site' }), form, 403],
    ['one of a page of no origin', () => ({ ...own(), origin: 'null' }), form, 403],
    ['one of who knows where', () => ({ cookie: mine.cookie }), form, 403],
    ['one of another browser', () => ({ origin: home }), form, 400],
    ['one without what stands on the page', own, () => new URLSearchParams({ answer: 'confirm' }), 422],
    ['one with something made up', own, () => new URLSearchParams({ answer: 'confirm', consent: 'v1.k.AAAA' }), 400],
    ['neither yes nor no', own, () => formOn(text, 'perhaps'), 422],
    ['yes and no', own, () => `${form().toString()}&answer=cancel`, 415],
    ['JSON', () => ({ ...own(), 'content-type': 'application/json' }), () => '{"answer":"confirm"}', 415],
  ])('%s', async (_, headers, body, status) => {
    const sent = { method: 'POST', redirect: 'manual', headers: { ...headers() }, body: body() } as const
    const answer = await fetch(`${home}/auth/sso/consent`, sent)
    expect([answer.status, answer.headers.get('location')]).toEqual([status, null])
  })

  test('the page of one sign-in in the browser of another', async () => {
    const other = await asked('hal')
    const sent = { method: 'POST', redirect: 'manual', headers: { cookie: other.cookie, origin: home } } as const
    expect((await fetch(`${home}/auth/sso/consent`, { ...sent, body: form() })).status).toBe(400)
    const both = `${form().toString()}&answer=cancel`
    const headers = { ...sent.headers, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await fetch(`${home}/auth/sso/consent`, { ...sent, headers, body: both })).status).toBe(422)
  })
})

test('causeway login --sso shows the code that stands on the page, and ends when it is cancelled there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cw-consent-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  const shown = Promise.withResolvers<readonly [url: string, code: string]>()
  const running = causeway(['login', '--sso'], { CAUSEWAY_URL: home, XDG_CONFIG_HOME: folder }, '', (err) => {
    const [, url, code] = /(http:\S+\/auth\/sso\/login\?\S+)\n.* code: ([B-Z]{4}-[B-Z]{4})\n/.exec(err) ?? []
    if (url !== undefined && code !== undefined) shown.resolve([url, code])
  })
  const [url, code] = await shown.promise
  const { page, cookie } = await asked('hal', url)
  expect(await page.clone().text()).toContain(`<dd class="code">${code}</dd>`)
  const done = await answered(page, cookie, 'cancel')
  expect(await (await fetch(done.headers.get('location') ?? '')).text()).toContain('Cancelled')
  const run = await running
  expect([run.code === 0, run.err]).toEqual([false, expect.stringContaining('cancelled in the browser')])
})
