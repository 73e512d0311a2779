import { afterAll, beforeAll, beforeEach } from 'vitest'
import { setSessionCookie } from '#/access/session-cookie.ts'
import { mail, makePerson, PASSWORD } from '../sign-in/people.ts'
import { startBrowser, type Browser, type Page } from '../support/browser.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { listen } from '../support/listen.ts'
import { needs, whatIsMissing } from '../support/needs.ts'

/** A browser, a gateway with one user, and another server whose pages have three origins. */
export interface WebScene extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly browser: Browser
  /** Another site. */
  readonly stranger: string
  /** Another port of the gateway's machine. */
  readonly neighbour: string
  /** An origin that may call. */
  readonly app: string
  /** A page of the gateway's own whose user has signed in. Its pages run no scripts: this one may, as an application's may. */
  signedIn(at?: string): Promise<Page>
}

export const ME = '/v1/auth/email/me'
export const JSON_BODY = { 'content-type': 'application/json' }
export const SIGN_IN = {
  method: 'POST',
  headers: JSON_BODY,
  body: JSON.stringify({ email: mail('ann'), password: PASSWORD, cookie: true }),
}

/** What a page sees of an answer. */
export interface Got {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly session: string | null
}

/** An expression: a request of the page, and what it sees of the answer. */
export function asking(url: string, init: object = {}): string {
  return `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)})
    .then(async (answer) => ({ status: answer.status, type: answer.type, body: await answer.text(),
      session: answer.headers.get('mcp-session-id') }))`
}

/** A scene for the tests of a file, which need a browser. */
export function sceneForTests(): () => WebScene {
  const owned = new AsyncDisposableStack()
  let scene: WebScene | undefined
  beforeAll(async () => {
    if (whatIsMissing(['chromium']) === null) scene = owned.use(await webScene())
  })
  afterAll(() => owned.disposeAsync())
  beforeEach((context) => needs(context, 'chromium'))
  return () => {
    if (scene === undefined) throw new Error('there is no browser')
    return scene
  }
}

async function webScene(): Promise<WebScene> {
  await using building = new AsyncDisposableStack()
  const other = building.use(
    await listen(({ url }, response) => {
      if (url === '/cookie') response.setHeader('set-cookie', setSessionCookie('cw_x', 60_000))
      response.setHeader('content-type', 'text/html').end('<!doctype html><p>other')
    }),
  )
  const app = `http://app.test:${other.port}`
  const database = building.use(await testDatabase())
  const env = { DATABASE_URL: database.url, CAUSEWAY_CORS_ORIGINS: app }
  const gateway = building.use(await startGateway({ env }))
  const browser = building.use(await startBrowser('stranger.test', 'app.test', 'rebound.test'))
  await makePerson(gateway, 'ann', { is_admin: true })
  const owned = building.move()
  return {
    gateway,
    browser,
    stranger: `http://stranger.test:${other.port}`,
    neighbour: other.origin,
    app,
    signedIn: async (at = gateway.url) => {
      const page = await browser.page({ lax: true })
      await page.open(`${at}/docs`)
      const { status, body } = await page.run<Got>(asking('/v1/auth/login', SIGN_IN))
      if (status !== 200 || !body.includes('"token_type":"cookie"')) throw new Error(`${status} ${body}`)
      return page
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
