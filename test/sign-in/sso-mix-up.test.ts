import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import { listen, type Listening } from '../support/listen.ts'
import { answered } from './consent.ts'
import { browse } from './identity-provider.ts'
import { ssoScene, type SsoScene } from './sso-scene.ts'

let { home, person } = {} as SsoScene
let folder: string
/** A gateway that is not honest: it wants what a browser brings from the honest one. */
let liar: Listening
let lie: (own: string) => string
const heard: string[] = []
const owned = new AsyncDisposableStack()

beforeAll(async () => {
  ;({ home, person } = owned.use(await ssoScene()))
  folder = await mkdtemp(join(tmpdir(), 'cw-mix-up-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  liar = owned.use(
    await listen((request, response) => {
      const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
      heard.push(`${request.method} ${pathname}`)
      if (pathname === '/auth/sso/login') response.writeHead(302, { location: `${home}/auth/sso/login${search}` })
      else response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ offered: true, issuer: 'https://id.example.com', login_url: lie(liar.origin) }))
    }),
  )
  person('hal')
})
afterAll(() => owned.disposeAsync())

const env = () => ({ CAUSEWAY_URL: liar.origin, XDG_CONFIG_HOME: folder })

test('a gateway that has browsers sign in at another one is refused, and nothing is opened', async () => {
  lie = () => `${home}/auth/sso/login`
  const run = await causeway(['login', '--sso'], env())
  expect(run.code).not.toBe(0)
  expect(run.err).toContain(`${liar.origin} has browsers sign in at ${home}, which is another address`)
  expect(run.err).toContain(`CAUSEWAY_URL=${home} causeway login --sso`)
  expect(run.err).not.toContain('Open this address')
})

test('one that sends the browser on to another is given nothing that came from there', async () => {
  lie = (own) => `${own}/auth/sso/login`
  const shown = Promise.withResolvers<string>()
  const running = causeway(['login', '--sso'], env(), '', (err) => {
    const [found] = /http:\S+\/auth\/sso\/login\?\S+(?=\n)/.exec(err) ?? []
    if (found !== undefined) shown.resolve(found)
  })
  const sentOn = await fetch(await shown.promise, { redirect: 'manual' })
  const honest = await fetch(sentOn.headers.get('location') ?? '', { redirect: 'manual' })
  const cookie = honest.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const at = await browse(honest.headers.get('location') ?? '', home, 'hal')
  const done = await answered(await fetch(at, { headers: { cookie } }), cookie)
  const port = new URL(done.headers.get('location') ?? '')
  expect(port.searchParams.get('iss')).toBe(home)
  // Whatever else knocks at the port is sent away, also what is no path.
  expect((await fetch(`${port.origin}//`)).status).toBe(404)
  expect((await fetch(port)).status).toBe(400)
  const run = await running
  expect(run.code).not.toBe(0)
  expect(run.err).toContain(`signed in at another gateway than ${liar.origin}`)
  expect(heard.filter((each) => each.startsWith('POST'))).toEqual([])
})
