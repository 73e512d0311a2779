import { beforeEach, describe, expect, test } from 'vitest'
import { mail } from '../sign-in/people.ts'
import type { Browser } from '../support/browser.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { asking, JSON_BODY, ME, sceneForTests, SIGN_IN, type Got, type WebScene } from './scene.ts'

const onScene = sceneForTests()
let scene: WebScene
let gateway: RunningGateway
let browser: Browser
beforeEach(() => {
  scene = onScene()
  ;({ gateway, browser } = scene)
})

const team = (name: string): string => JSON.stringify({ name })

const teams = async (): Promise<string> => JSON.stringify((await gateway.api('GET', '/v1/teams')).body)

/** An expression: a request that asks nobody beforehand, whose body claims to be of no type. */
const untyped = (path: string, body: string): string =>
  `fetch(${JSON.stringify(gateway.url + path)}, { method: 'POST', mode: 'no-cors', credentials: 'include',
    body: new Blob([${JSON.stringify(body)}]) }).then(() => 0, () => 0)`

describe.each([
  ['another site', () => scene.stranger, 401],
  ['another port of the same machine', () => scene.neighbour, 403],
])('a page of %s', (_, at, unread) => {
  test('cannot read', async () => {
    const page = await scene.signedIn()
    await page.open(at())
    for (const init of [{}, { credentials: 'include' }, { headers: { authorization: 'Bearer x' } }])
      await expect(page.run(asking(gateway.url + ME, init))).rejects.toThrow('Failed to fetch')
    const blind = await page
      .run<Got>(
        asking(gateway.url + ME, { mode: 'no-cors', credentials: 'include' }).replace('await answer.text()', '""'),
      )
      .catch(() => ({ status: 0, body: '' }))
    expect(blind).toMatchObject({ status: 0, body: '' })
    const loads = (tag: string, where: string) =>
      page.run(`new Promise((done) => document.body.append(Object.assign(document.createElement('${tag}'),
        { src: ${JSON.stringify(where)}, onload: () => done('loaded'), onerror: () => done('refused') })))`)
    expect(await loads('script', gateway.url + ME)).toBe('refused')
    expect(await loads('script', `${gateway.url}/openapi.json`)).toBe('refused')
    expect(await loads('img', gateway.url + ME)).toBe('refused')
    // With another site's page the cookie does not come along; with a neighbour's it does, and counts for nothing.
    const statuses = page.statuses(gateway.url + ME)
    expect([statuses.filter((status) => status < 400), statuses.includes(unread)]).toEqual([[], true])
  })

  test('cannot change anything', async () => {
    const page = await scene.signedIn()
    await page.open(at())
    const before = page.statuses(gateway.url).length
    const body = team('planted')
    for (const headers of [JSON_BODY, { 'content-type': 'text/plain' }, {}]) {
      const init = { method: 'POST', credentials: 'include', headers, body }
      await expect(page.run(asking(`${gateway.url}/v1/teams`, init))).rejects.toThrow('Failed to fetch')
      await page.run(asking(`${gateway.url}/v1/teams`, { ...init, mode: 'no-cors' })).catch(() => 0)
    }
    await page.run(untyped('/v1/teams', body))
    await page.run(untyped('/v1/auth/logout', ''))
    await page.run(`document.body.insertAdjacentHTML('beforeend', '<iframe name=hidden></iframe>' +
      '<form method=post enctype=text/plain target=hidden action="${gateway.url}/v1/teams">' +
      '<input name=\\'{"name":"planted","a":"\\' value=\\'"}\\'></form>');
      document.forms[0].submit()`)
    await expect.poll(() => page.statuses(gateway.url).length, { timeout: 10_000 }).toBeGreaterThan(before + 7)
    expect(
      page
        .statuses(gateway.url)
        .slice(before)
        .filter((status) => status < 400),
    ).toEqual([])
    expect(await teams()).not.toContain('planted')
    await page.open(gateway.url + ME)
    expect(await page.run('document.body.innerText')).toContain(mail('ann'))
  })

  test('cannot sign its visitor in', async () => {
    const page = await browser.page()
    await page.open(at())
    for (const mode of ['cors', 'no-cors'])
      await page
        .run(asking(`${gateway.url}/v1/auth/login`, { ...SIGN_IN, headers: {}, mode, credentials: 'include' }))
        .catch(() => 0)
    await page.run(untyped('/v1/auth/login', SIGN_IN.body))
    expect(page.statuses(`${gateway.url}/v1/auth/login`).filter((status) => status < 400)).toEqual([])
    expect(await page.cookies(gateway.url)).toEqual([])
  })

  test('cannot frame it, and loses what it opened', async () => {
    const page = await scene.signedIn()
    await page.open(at())
    const frame = (url: string) =>
      page.run(`new Promise((done) => document.body.append(Object.assign(document.createElement('iframe'),
        { src: ${JSON.stringify(url)}, onload: () => done(0) })))`)
    for (const url of [`${at()}/own`, `${scene.app}/own`, `${gateway.url}/docs`, gateway.url + ME]) await frame(url)
    const refused = 'chrome-error://chromewebdata/'
    expect((await page.frames()).toSorted()).toEqual([refused, refused, `${at()}/own`, `${scene.app}/own`].toSorted())
    await page.run(`window.opened = open(${JSON.stringify(`${gateway.url}/docs`)}); 0`)
    await page.until('window.opened.closed')
  })
})

describe('a page of an origin that may call', () => {
  const INITIALIZE = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
  }
  const call = (more: object = {}) =>
    asking(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { ...JSON_BODY, authorization: `Bearer ${gateway.token}`, 'mcp-protocol-version': '2025-06-18' },
      body: JSON.stringify(INITIALIZE),
      ...more,
    })

  test('calls with a token of its own and reads its session', async () => {
    const page = await browser.page()
    await page.open(scene.app)
    const { status, session, body } = await page.run<Got>(call())
    expect([status, body]).toEqual([200, expect.stringContaining('serverInfo')])
    expect(session).not.toBeNull()
    const read = asking(gateway.url + ME, { headers: { authorization: `Bearer ${gateway.token}` } })
    expect(await page.run<Got>(read)).toMatchObject({ status: 200 })
    const refused = await page.run<Got>(asking(`${gateway.url}/mcp`, { method: 'DELETE' }))
    expect(refused).toMatchObject({ status: 401, body: expect.stringContaining('token required') })
  })

  test('and with no cookie: not even with a token beside it', async () => {
    const page = await scene.signedIn()
    await page.open(scene.app)
    await expect(page.run(call({ credentials: 'include' }))).rejects.toThrow('Failed to fetch')
    await expect(page.run(asking(gateway.url + ME, { credentials: 'include' }))).rejects.toThrow('Failed to fetch')
  })

  test('is the only one: others cannot call with that same token', async () => {
    for (const at of [scene.stranger, scene.neighbour]) {
      const page = await browser.page()
      await page.open(at)
      await expect(page.run(call())).rejects.toThrow('Failed to fetch')
    }
  })
})

test('a name that somebody else leads to this machine is not answered', async () => {
  const page = await browser.page()
  await page.open(`http://rebound.test:${new URL(gateway.url).port}/docs`)
  expect(page.statuses('http://rebound.test')).toEqual([403])
  expect(await page.run('document.body.innerText')).toContain('is not ours')
})
