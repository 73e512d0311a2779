import { afterAll, beforeAll, expect, test } from 'vitest'
import { mail } from '../sign-in/people.ts'
import { startBrowser, type Browser, type Page } from '../support/browser.ts'
import { listen, type Listening } from '../support/listen.ts'
import { whatIsMissing } from '../support/needs.ts'
import { NAME } from '../support/nginx.ts'
import { asking, JSON_BODY, ME, SIGN_IN, type Got } from '../web/scene.ts'
import { sceneForTests } from './scene.ts'

const onScene = sceneForTests('chromium')
const owned = new AsyncDisposableStack()
let browser: Browser
let other: Listening

beforeAll(async () => {
  if (whatIsMissing(['nginx', 'chromium']) !== null) return
  browser = owned.use(await startBrowser(NAME, 'stranger.test'))
  other = owned.use(
    await listen((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><p>other'),
    ),
  )
})
afterAll(() => owned.disposeAsync())

/** A page behind nginx whose user has signed in. */
async function signedIn(): Promise<Page> {
  const page = await browser.page({ lax: true, anyCertificate: true })
  await page.open(`${onScene().publicUrl}/docs`)
  const { status, body } = await page.run<Got>(asking('/v1/auth/login', SIGN_IN))
  expect([status, body]).toEqual([200, expect.stringContaining('"token_type":"cookie"')])
  return page
}

const TOKENS = '/v1/tokens'
const makeToken = (name: string): object => ({ method: 'POST', headers: JSON_BODY, body: JSON.stringify({ name }) })

test('a browser keeps the session that it got over nginx’s TLS, and pages of the gateway read and change with it', async () => {
  const page = await signedIn()
  const [cookie, ...more] = await page.cookies(onScene().publicUrl)
  expect(more).toEqual([])
  expect(cookie).toMatchObject({ name: '__Host-causeway', domain: NAME, path: '/', secure: true, httpOnly: true })
  expect(await page.run('document.cookie')).toBe('')
  const read = await page.run<Got>(asking(ME))
  expect([read.status, read.body]).toEqual([200, expect.stringContaining(mail('ann'))])
  expect(await page.run<Got>(asking(TOKENS, makeToken('of her own')))).toMatchObject({ status: 201 })
  expect(await page.run<Got>(asking('/v1/auth/logout', { method: 'POST' }))).toMatchObject({ status: 200 })
  expect(await page.cookies(onScene().publicUrl)).toEqual([])
  expect(await page.run<Got>(asking(ME))).toMatchObject({ status: 401 })
})

test('a page of another site does neither', async () => {
  const { publicUrl } = onScene()
  const page = await signedIn()
  await page.open(`http://stranger.test:${other.port}`)
  const init = { credentials: 'include' }
  await expect(page.run(asking(publicUrl + ME, init))).rejects.toThrow('Failed to fetch')
  for (const mode of ['cors', 'no-cors']) {
    const planted = { ...makeToken('planted'), ...init, mode, headers: {} }
    await page.run(asking(publicUrl + TOKENS, planted)).catch(() => 0)
  }
  await expect.poll(() => page.statuses(publicUrl + TOKENS).length, { timeout: 5_000 }).toBeGreaterThan(0)
  expect(page.statuses(publicUrl + TOKENS).filter((status) => status < 400)).toEqual([])
  await page.open(`${publicUrl}/docs`)
  const { status, body } = await page.run<Got>(asking(TOKENS))
  expect([status, body]).toEqual([200, expect.not.stringContaining('planted')])
})
