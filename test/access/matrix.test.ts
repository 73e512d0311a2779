import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { understood, type Answer } from './answer.ts'
import { mcpDoors, opsDoors, restDoors, SHELLS, type Door } from './doors.ts'
import { accessScene, comingAs, PRINCIPALS, type PrincipalName, type Scene } from './scene.ts'
import { NOUNS, PLACES, type There } from './things.ts'

let scene: Scene
let doors: Door[]
const answers = new Map<string, Map<PrincipalName, Answer>>()
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

beforeAll(async () => {
  scene = await accessScene()
  doors = [...restDoors(scene), ...opsDoors(), ...mcpDoors(scene)]
  // Those who may least first: should one of them get through after all, everybody after it shows that.
  for (const principal of PRINCIPALS) {
    await Promise.all(
      doors.map(async (door) => {
        const row = answers.get(door.name) ?? new Map<PrincipalName, Answer>()
        answers.set(door.name, row.set(principal, await ask(door, principal)))
      }),
    )
  }
}, 180_000)
afterAll(async () => {
  agent.destroy()
  await scene?.[Symbol.asyncDispose]()
})

function ask(door: Door, principal: PrincipalName): Promise<Answer> {
  const { headers: own, ...from } = comingAs(principal, scene.tokens[principal])
  const headers = {
    ...door.headers,
    ...own,
    ...(door.body !== undefined && { 'content-length': String(Buffer.byteLength(door.body)) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(scene.gateway.url + door.path, { method: door.method, headers, agent, ...from }, (answer) => {
      const chunks: Buffer[] = []
      const done = (): void => resolve(understood(answer.statusCode ?? 0, Buffer.concat(chunks).toString(), door))
      answer.on('end', done)
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (!door.endless || answer.statusCode !== 200) return
        done()
        answer.destroy()
      })
      answer.on('error', reject)
    })
    sent.on('error', reject).end(door.body)
  })
}

/** By door: each decision, and who it is for. */
function table(): Record<string, Record<string, string>> {
  const rows: Record<string, Record<string, string>> = {}
  for (const { name } of doors) {
    const byDecision: Record<string, string[]> = {}
    for (const [principal, { decision }] of answers.get(name) ?? []) (byDecision[decision] ??= []).push(principal)
    rows[name] = Object.fromEntries(Object.entries(byDecision).map(([key, who]) => [key, who.join(', ')]))
  }
  return rows
}

const cells = (): number => [...answers.values()].reduce((sum, row) => sum + row.size, 0)

/** Written anew by `npx vitest run test/access -u`; a change of it is a change of who may do what. */
test('who is answered what, at every door', async () => {
  console.log(`${doors.length} doors, ${cells()} cells`)
  expect(new Set(doors.map(({ name }) => name)).size).toBe(doors.length)
  expect(cells()).toBeGreaterThan(20_000)
  await expect(`${JSON.stringify(table(), null, 2)}\n`).toMatchFileSnapshot('matrix.golden.json')
})

const DENIED = /^40[134]/
const NOBODY_IN = [
  'none',
  'garbage',
  'expired',
  'revoked',
  'deactivated',
  'disabled user',
  'JWT of another issuer',
  'JWT for another audience',
  'expired JWT',
  'proxy without its secret',
  'proxy with another secret',
  'secret from elsewhere',
  'one server',
  'elsewhere',
  'page elsewhere',
] as const

/** Who does not see what is at a place; nobody else is missing. */
const CANNOT_SEE: Readonly<Record<There, readonly PrincipalName[]>> = {
  private: [
    ...NOBODY_IN,
    'stranger',
    'viewer',
    'member',
    'member by JWT',
    'member by proxy',
    'developer',
    'team admin',
    'other member',
    'page',
  ],
  own: [...NOBODY_IN, 'stranger', 'viewer', 'developer', 'team admin', 'other member'],
  team: [...NOBODY_IN, 'stranger', 'viewer', 'other member'],
  other: [
    ...NOBODY_IN,
    'stranger',
    'viewer',
    'member',
    'member by JWT',
    'member by proxy',
    'developer',
    'team admin',
    'page',
  ],
  public: [...NOBODY_IN],
}

test('who cannot see a thing is told there what is told of nothing', () => {
  let compared = 0
  for (const { name, absent, place } of doors) {
    if (absent === undefined || place === undefined) continue
    // A token is its user's own, whatever place it was made for.
    const isToken = / (?:\/v1)?\/tokens\//.test(name)
    for (const principal of CANNOT_SEE[isToken && place !== 'own' ? 'private' : place]) {
      const there = answers.get(name)?.get(principal)
      const nothing = answers.get(absent)?.get(principal)
      expect(`${name} ${principal}: ${there?.said}`).toBe(`${name} ${principal}: ${nothing?.said}`)
      expect([name, principal, there?.decision]).toEqual([name, principal, nothing?.decision])
      compared++
    }
  }
  expect(compared).toBeGreaterThan(8_000)
})

/** Who may change what is at a place, and so is told that its version is another. */
const MAY_CHANGE: Readonly<Record<There, readonly PrincipalName[]>> = {
  private: ['admin'],
  own: ['member', 'member by JWT', 'member by proxy', 'page', 'admin'],
  team: ['developer', 'team admin', 'admin'],
  other: ['admin'],
  public: ['admin'],
}

test('who may change a thing, by whose it is; everybody else is refused', () => {
  const changes = /^(?:PUT|DELETE) (?:\/v1)?\/(?:gateways|servers|tools|prompts|resources)\/\{id\} /
  let compared = 0
  for (const { name, place } of doors) {
    if (place === undefined || !changes.test(name)) continue
    const may = PRINCIPALS.filter((principal) => !DENIED.test(answers.get(name)?.get(principal)?.decision ?? ''))
    expect([name, ...may]).toEqual([name, ...MAY_CHANGE[place]])
    compared++
  }
  expect(compared).toBe(2 * 2 * 5 * 5)
})

/** Who calls a tool at a place by its name in the aggregate: who sees it, but for those whose token does not let them. */
test('who may call what by name is who sees it', () => {
  for (const era of ['legacy', 'modern'])
    for (const place of PLACES.filter((each) => each !== 'absent')) {
      const may = PRINCIPALS.filter(
        (principal) =>
          answers.get(`/mcp ${era} tools/call of the tool at ${place}`)?.get(principal)?.decision === '200',
      )
      const out = [...CANNOT_SEE[place], 'mistyped', 'nothing', 'page', 'reads']
      expect([era, place, ...may]).toEqual([era, place, ...PRINCIPALS.filter((principal) => !out.includes(principal))])
    }
})

test('a tool that a virtual server does not offer is one that nobody has, for everybody who comes through it', () => {
  for (const era of ['legacy', 'modern']) {
    const to = `/servers/{narrow}/mcp ${era} tools/call of`
    for (const principal of PRINCIPALS) {
      const [outside, unknown] = ['another tool', 'an unknown tool'].map((what) =>
        answers.get(`${to} ${what}`)?.get(principal),
      )
      expect(`${principal}: ${outside?.said}`).toBe(`${principal}: ${unknown?.said}`)
    }
    expect(answers.get(`${to} an unknown tool`)?.get('one server')?.decision).not.toBe('200')
  }
})

test.each(['member by JWT', 'member by proxy'] as const)(
  'a %s opens what the member’s own token opens, and nothing else',
  (principal) => {
    for (const { name } of doors) {
      const [own, other] = (['member', principal] as const).map((each) => answers.get(name)?.get(each))
      expect([name, other?.decision]).toEqual([name, own?.decision])
    }
  },
)

test.each(['proxy without its secret', 'proxy with another secret', 'secret from elsewhere'] as const)(
  'whom a %s names is told at every door what a stranger is told who names nobody',
  (principal) => {
    for (const { name } of doors) {
      const [nobody, forged] = (['none', principal] as const).map((each) => answers.get(name)?.get(each))
      expect(`${name} ${forged?.decision}: ${forged?.said}`).toBe(`${name} ${nobody?.decision}: ${nobody?.said}`)
    }
  },
)

/** Where a token comes from, or a password or another's word is enough. */
const SIGN_IN = [
  'POST /login',
  'POST /email/login',
  'POST /email/register',
  'GET /sso',
  'GET /sso/login',
  'GET /sso/callback',
  'POST /sso/consent',
  'POST /sso/token',
  'POST /email/change-password',
  'POST /email/reset-password',
  'POST /email/forgot-password',
]

test('without a live token nothing but what is open to strangers answers, and all refusals are one', () => {
  const open = doors
    .filter(({ name }) => !answers.get(name)?.get('none')?.decision.startsWith('401'))
    .map(({ name }) => name)
  expect(open).toEqual([
    ...SIGN_IN.flatMap((route) => [route.replace(' ', ' /auth'), route.replace(' ', ' /v1/auth')]),
    ...['mcp', 'servers/{id}/mcp', 'gateways/{id}/mcp'].map((at) => `GET /.well-known/oauth-protected-resource/${at}`),
    ...[...PLACES, 'narrow'].map((place) => `GET /servers/{id}/.well-known/oauth-protected-resource ${place}`),
    'GET /.well-known/robots.txt',
    ...[...PLACES, 'narrow'].map((place) => `GET /servers/{id}/.well-known/robots.txt ${place}`),
    'GET /',
    'GET /openapi.json',
    'GET /docs',
    'GET /health text',
    'GET /ready text',
    'GET /nowhere text',
    'GET /v1/nowhere text',
  ])
  for (const { name } of doors.filter((door) => !open.includes(door.name)))
    expect([name, answers.get(name)?.get('elsewhere')?.decision.slice(0, 3)]).toEqual([name, '403'])
  const alive = PRINCIPALS.indexOf('nothing')
  const dead = PRINCIPALS.slice(PRINCIPALS.indexOf('garbage'), alive)
  expect(dead).toContain('expired JWT')
  for (const { name } of doors.filter((door) => !open.includes(door.name))) {
    const decisions = dead.map((principal) => answers.get(name)?.get(principal)?.decision)
    expect([name, ...new Set(decisions)]).toEqual([name, answers.get(name)?.get('none')?.decision])
  }
})

/** What is about the cookie itself. */
const OF_COOKIES = /^GET (?:\/v1)?\/auth\/csrf-token$/

test('a page of ours with a session cookie may what its user may with a token, in REST; calls take a token', () => {
  let compared = 0
  for (const { name } of doors.filter((door) => !OF_COOKIES.test(door.name))) {
    const answer = (principal: PrincipalName) => `${name}: ${answers.get(name)?.get(principal)?.decision}`
    const isCall = name.startsWith('/') || name === 'GET /metrics text'
    expect(answer('page')).toBe(answer(isCall ? 'none' : 'member'))
    compared++
  }
  expect(compared).toBe(doors.length - 2)
})

test('the path of a single method lets in whom /rpc lets in, and refuses everybody else alike', () => {
  let compared = 0
  for (const [shell, method] of Object.entries(SHELLS))
    for (const { name } of doors.filter((door) => door.method === 'POST' && door.name.endsWith(`/${shell}`)))
      for (const principal of PRINCIPALS) {
        const decided = (door: string): string => answers.get(door)?.get(principal)?.decision.slice(0, 3) ?? ''
        const rpc = decided(`/rpc ${method ?? 'ping'}`)
        const wanted: unknown = DENIED.test(rpc) ? rpc : expect.not.stringMatching(DENIED)
        expect([name, principal, decided(name)]).toEqual([name, principal, wanted])
        compared++
      }
  expect(compared).toBe(12 * PRINCIPALS.length)
})

test('the same cookie on a page elsewhere opens nothing', () => {
  for (const { name } of doors) {
    const [elsewhere, nobody] = (['page elsewhere', 'none'] as const).map(
      (principal) => answers.get(name)?.get(principal)?.decision,
    )
    expect([name, elsewhere]).toEqual([name, nobody?.startsWith('401') ? expect.stringMatching(/^40[13]/) : nobody])
  }
})

test('nobody has changed anything', async () => {
  for (const noun of NOUNS) {
    for (const id of PLACES.filter((place) => place !== 'absent').map((place) => scene.ids[noun][place])) {
      const path = `/v1/${noun}/${id}${/prompts|resources/.test(noun) ? '/info' : ''}`
      const { status } = await scene.gateway.api('GET', path)
      expect([path, status]).toEqual([path, 200])
    }
  }
})
