import { hash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { comparisonCode } from '#/lib/pkce.ts'
import { ask, mail } from '../sign-in/people.ts'
import { ssoScene, type SsoScene } from '../sign-in/sso-scene.ts'
import { startBrowser, type Browser, type Page } from '../support/browser.ts'
import { listen, type Listening } from '../support/listen.ts'
import { needs, whatIsMissing } from '../support/needs.ts'

const owned = new AsyncDisposableStack()
let { gateway, home, person } = {} as SsoScene
let browser: Browser
/** A program that waits at a port of this machine, or says so; and what came there. */
let program: Listening
const heard: URL[] = []

beforeAll(async () => {
  if (whatIsMissing(['chromium']) !== null) return
  ;({ gateway, home, person } = owned.use(await ssoScene()))
  browser = owned.use(await startBrowser())
  program = owned.use(
    await listen(({ url = '/' }, response) => {
      if (url.startsWith('/?')) heard.push(new URL(url, program.origin))
      response.setHeader('content-type', 'text/html').end('<!doctype html><p>the program')
    }),
  )
  person('hal')
})
afterAll(() => owned.disposeAsync())
beforeEach((context) => {
  needs(context, 'chromium')
  heard.length = 0
})

const verifier = randomBytes(32).toString('base64url')
const challenge = hash('sha256', verifier, 'base64url')

function loginUrl(): string {
  const url = new URL(`${home}/auth/sso/login`)
  const query = { loopback_port: program.port, challenge, loopback_state: 's'.repeat(43) }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
  return url.href
}

/** A browser whose user the provider knows already: nothing is asked there. */
async function browserOf(who: string): Promise<Page> {
  const page = await browser.page()
  await page.open(`${home}/docs`)
  await page.run(`document.cookie = 'who=${who}; path=/'`)
  return page
}

const ASKS = `location.pathname === '/auth/sso/callback' && document.querySelector('form') !== null`
const click = (button: string) => `document.querySelector('button[value=${button}]').click()`
const LOGIN_COOKIE = '__Host-causeway-login'
const cookieNames = async (page: Page) => (await page.cookies(home)).map(({ name }) => name)

describe('a program asks for a session', () => {
  test('and gets it when its user says so, without a script', async () => {
    const page = await browserOf('hal')
    await page.open(loginUrl())
    await page.until(ASKS)
    expect(heard).toEqual([])
    const text = await page.run<string>('document.body.innerText')
    for (const said of [mail('hal'), `Port ${program.port}`, comparisonCode(challenge)]) expect(text).toContain(said)
    // Nothing is chosen beforehand, and everything can be reached and is named.
    expect(await page.run('document.activeElement === document.body')).toBe(true)
    expect(
      await page.run('[...document.querySelectorAll("button")].map((one) => [one.tabIndex, one.innerText])'),
    ).toEqual([
      [0, 'The code is the same: sign in'],
      [0, 'Cancel'],
    ])
    expect(await page.run('[document.documentElement.lang, document.querySelectorAll("main h1").length]')).toEqual([
      'en',
      1,
    ])
    expect(await page.run('getComputedStyle(document.querySelector("button.main")).minHeight')).toBe('44px')
    await page.run(`document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`)
    expect(await page.run('window.ran ?? null')).toBeNull()
    await page.run(click('confirm'))
    await page.until(`location.origin === ${JSON.stringify(program.origin)}`)
    expect(heard).toHaveLength(1)
    const { code = '', state, iss } = Object.fromEntries(heard[0]?.searchParams ?? [])
    expect([state, iss]).toEqual(['s'.repeat(43), home])
    const { status, body } = await ask(gateway, 'POST', '/v1/auth/sso/token', { body: { code, verifier } })
    expect([status, body]).toMatchObject([200, { user: { email: mail('hal') } }])
    expect(await cookieNames(page)).not.toContain(LOGIN_COOKIE)
  })

  test('and gets none when its user cancels', async () => {
    const page = await browserOf('hal')
    await page.open(loginUrl())
    await page.until(ASKS)
    await page.run(click('cancel'))
    await page.until(`location.origin === ${JSON.stringify(program.origin)}`)
    expect(heard.map(({ searchParams }) => [searchParams.get('error'), searchParams.get('code')])).toEqual([
      ['access_denied', null],
    ])
    expect(await cookieNames(page)).not.toContain(LOGIN_COOKIE)
  })

  test('and gets none by a page of its own that begins a sign-in and answers for its user', async () => {
    const page = await browserOf('hal')
    await page.open(`${program.origin}/own`)
    // It opens the sign-in beside itself, and the provider asks nobody anything.
    await page.run(`window.opened = open(${JSON.stringify(loginUrl())}); 0`)
    await expect.poll(() => cookieNames(page), { timeout: 10_000 }).toContain(LOGIN_COOKIE)
    const target = `${home}/auth/sso/consent`
    const body = `new URLSearchParams({ consent: 'x', answer: 'confirm' })`
    const statuses = () => page.statuses(target)
    for (const mode of ['cors', 'no-cors'])
      await page
        .run(
          `fetch(${JSON.stringify(target)}, { method: 'POST', mode: '${mode}', credentials: 'include', body: ${body} }).then(() => 0)`,
        )
        .catch(() => 0)
    await page.run(`document.body.insertAdjacentHTML('beforeend', '<iframe name=hidden></iframe>' +
      '<form method=post target=hidden action="${target}"><input name=consent value=x><input name=answer value=confirm></form>');
      document.forms[0].submit()`)
    await expect.poll(() => statuses().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    expect(new Set(statuses())).toEqual(new Set([403]))
    // In a frame it shows nothing, and what was opened is out of reach.
    await page.run(`new Promise((done) => document.body.append(Object.assign(document.createElement('iframe'),
      { src: ${JSON.stringify(loginUrl())}, onload: () => done(0) })))`)
    expect(await page.frames()).not.toContainEqual(expect.stringContaining('/auth/sso/callback'))
    await page.until('window.opened.closed')
    // With its visitor's own page it comes as far as the question.
    await page.run(`location.href = ${JSON.stringify(loginUrl())}; 0`)
    await page.until(ASKS)
    expect(heard).toEqual([])
  })
})
