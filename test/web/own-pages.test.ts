import { beforeEach, describe, expect, test } from 'vitest'
import { mail } from '../sign-in/people.ts'
import type { Browser } from '../support/browser.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { asking, JSON_BODY, ME, sceneForTests, type Got, type WebScene } from './scene.ts'

const onScene = sceneForTests()
let scene: WebScene
let gateway: RunningGateway
let browser: Browser
beforeEach(() => {
  scene = onScene()
  ;({ gateway, browser } = scene)
})

const team = (name: string): string => JSON.stringify({ name })

describe('a page of the gateway', () => {
  test.each(['127.0.0.1', 'localhost'])('signs in and out at %s, and never sees the token', async (name) => {
    const at = gateway.url.replace('127.0.0.1', name)
    const page = await scene.signedIn(at)
    expect(await page.cookies(at)).toMatchObject([
      { name: '__Host-causeway', path: '/', domain: name, httpOnly: true, secure: true, sameSite: 'Lax' },
    ])
    const value = (await page.cookies(at))[0]?.value ?? ''
    expect(value).toMatch(/^cw_/)
    expect(await page.run('document.cookie')).toBe('')
    expect(await page.run<Got>(asking(ME))).toMatchObject({ status: 200, body: expect.stringContaining(mail('ann')) })
    const made = asking('/v1/teams', { method: 'POST', headers: JSON_BODY, body: team(`made at ${name}`) })
    expect(await page.run<Got>(made)).toMatchObject({ status: 201 })
    const next = await page.run<Got>(asking('/v1/auth/refresh', { method: 'POST' }))
    expect([next.status, next.body.includes('cw_')]).toEqual([200, false])
    expect((await page.cookies(at))[0]?.value).not.toBe(value)
    expect(await page.run<Got>(asking('/v1/auth/logout', { method: 'POST' }))).toMatchObject({ status: 200 })
    expect(await page.cookies(at)).toEqual([])
    expect(await page.run<Got>(asking(ME))).toMatchObject({ status: 401 })
  })

  test('runs no script and talks to nobody, whatever got into it', async () => {
    const page = await browser.page()
    await page.open(`${gateway.url}/docs`)
    await expect(page.run(asking('/health'))).rejects.toThrow(/fetch/)
    await page.run(`document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`)
    expect(await page.run('window.ran ?? null')).toBeNull()
    expect(await page.run<string>('getComputedStyle(document.body).margin')).toBe('0px')
  })

  test('is come to by a link elsewhere, with its user signed in', async () => {
    const page = await scene.signedIn()
    await page.open(scene.stranger)
    await page.run(`location.href = ${JSON.stringify(gateway.url + ME)}; 0`)
    await page.until(`document.body.innerText.includes(${JSON.stringify(mail('ann'))})`)
  })
})

test('a browser takes the cookie without TLS from this machine only', async () => {
  const page = await browser.page()
  for (const [name, taken] of [
    ['127.0.0.1', 1],
    ['localhost', 1],
    ['stranger.test', 0],
  ] as const) {
    await page.open(`http://${name}:${new URL(scene.neighbour).port}/cookie`)
    expect([name, await page.cookies(`http://${name}:${new URL(scene.neighbour).port}`)]).toEqual([
      name,
      Array.from({ length: taken }, () => expect.objectContaining({ name: '__Host-causeway' })),
    ])
  }
})
