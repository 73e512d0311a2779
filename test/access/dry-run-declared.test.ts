import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintToken } from '#/access/token-format.ts'
import { Random } from '../../bench/lab/random.ts'
import { foretoldScene, mail, type Foretold, type ForetoldScene } from './foretold.ts'

let scene: ForetoldScene
/** Of the token that sets declare; a set without it takes it away. */
const secret = mintToken()
const DECLARED = 'declared'
const GATEWAYS = ['one', 'two']
const TOOLS = ['one-echo', 'one-slow', 'two-echo', 'two-slow']
let red = ''
const gateways: string[] = []

beforeAll(async () => {
  scene = await foretoldScene()
  for (const name of ['ann', 'bob']) await scene.person(name)
  red = String((await scene.admin('POST', '/v1/teams', { name: 'red' }))['id'])
  await scene.admin('POST', `/v1/teams/${red}/members`, { email: mail('ann'), role: 'member' })
  for (const name of GATEWAYS) gateways.push((await scene.gateway.register(name, scene.upstream)).id)
  const { id } = await scene.admin('POST', '/v1/servers', { name: 'desk' })
  scene.servers.add(String(id))
  await scene.token('ann at the desk', 'ann', { scope: { server_id: id } })
  await scene.token('bob looks', 'bob', { scope: { permissions: ['tools.read'] } })
  const me = { token: scene.gateway.token, tokenId: '', user: 'admin@localhost', isNarrowed: false, serverId: null }
  scene.callers.set('admin', me)
  const token = { ...me, token: secret.text, isNarrowed: true }
  scene.callers.set(DECLARED, token)
})
afterAll(() => scene?.[Symbol.asyncDispose]())

interface Step {
  readonly kind: string
  readonly action: string
  readonly name: string
  readonly id: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

interface Answer {
  readonly steps: readonly Step[]
  readonly failed: number
  readonly access: Foretold & { readonly is_complete: boolean; readonly notes: readonly string[] }
}

const declare = async (set: object, query: string): Promise<Answer> =>
  (await scene.admin('POST', `/v1/declared?${query}`, { set: 'site', ...set })) as unknown as Answer

type Pick = <T>(all: readonly T[]) => T

interface Given {
  readonly set: object
  readonly prune: boolean
}

/** Some of what a file may say of two gateways, a server and a token; what is no longer said may be removed. */
function givenBy(pick: Pick): Given {
  const shown = () => pick(['public', 'private'])
  const some = <T>(all: readonly T[]): readonly T[] => all.filter(() => pick([true, false]))
  const prune = pick([true, false])
  // A gateway that comes back is a new one, and what that offers is not known before.
  const gateways = (prune ? GATEWAYS : some(GATEWAYS)).map((name) => ({
    name,
    url: scene.upstream,
    visibility: shown(),
    enabled: pick([true, true, false]),
  }))
  const tools = pick([some(TOOLS), ['one-*'], ['*-echo']])
  const servers = pick([true, true, false])
    ? [{ name: 'desk', visibility: shown(), enabled: pick([true, true, false]), tools }]
    : []
  const permissions = pick([undefined, ['tools.read', 'tools.execute', 'servers.use'], ['tools.read']])
  const value = { hash: secret.hash.toString('hex'), hint: secret.hint }
  const narrowed = servers.length > 0 && pick([true, false]) ? { server: 'desk' } : {}
  return {
    set: {
      gateways,
      servers,
      tokens: [{ name: DECLARED, ...(permissions && { permissions }), ...narrowed, ...value }],
    },
    prune,
  }
}

/** By hand, between two files. */
const movesBy = (pick: Pick): object =>
  pick([{ visibility: 'team', team_id: red }, { visibility: 'public', team_id: null }, { visibility: 'private' }])

const stepIn = ({ steps }: Answer, wanted: string): Step | undefined =>
  steps.find(({ kind, name, action }) => `${kind} ${name}` === wanted && action !== 'remove')

/** What is made has another id when it is foretold. */
function withIds(told: Foretold, answer: Answer): Foretold {
  const tokens = new Set([...scene.callers.values()].map(({ tokenId }) => tokenId))
  const [token, server] = [stepIn(answer, `token ${DECLARED}`)?.id, stepIn(answer, 'server desk')?.id]
  const named = (list: Foretold['gains']): Foretold['gains'] =>
    list.map((one) => ({
      ...one,
      ...(one.token_id !== undefined && !tokens.has(one.token_id) && token && { token_id: token }),
      ...(one.server_id !== undefined && !scene.servers.has(one.server_id) && server && { server_id: server }),
    }))
  return { gains: named(told.gains), loses: named(told.loses) }
}

/** What was made is looked at from now on. */
function lookAt(answer: Answer): void {
  const [token, server] = [stepIn(answer, `token ${DECLARED}`)?.id, stepIn(answer, 'server desk')?.id]
  const declared = scene.callers.get(DECLARED)
  if (declared !== undefined && token) scene.callers.set(DECLARED, { ...declared, tokenId: token })
  if (server) scene.servers.add(server)
}

/** Each step, and what it was refused for. */
const toldOf = ({ steps, failed }: Answer): unknown => [
  failed,
  ...steps.map(({ action, kind, name, error }) => `${action} ${kind} ${name}: ${error?.code ?? 'done'}`),
]

/** Asks what applying a set would do, sees that nothing was done, applies it, and compares with what everybody can use then. */
async function applied({ set, prune }: Given): Promise<Foretold> {
  const before = await scene.uses()
  const asked = await declare(set, `prune=${prune}&dry_run=true`)
  expect(await scene.uses()).toEqual(before)
  const done = await declare(set, `prune=${prune}`)
  expect(toldOf(asked)).toEqual(toldOf(done))
  expect(asked.access).toMatchObject({ is_complete: true, notes: [], unnamed: 0 })
  const told = withIds(asked.access, done)
  lookAt(done)
  const isOfServer = asked.steps.some(({ kind, action }) => kind === 'server' && action !== 'keep')
  scene.compare(told, { before, after: await scene.uses() }, isOfServer)
  return told
}

test('of any declared file: what a dry run foretells is what is once it was applied', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  const chance = new Random(seed, 0)
  const pick: Pick = (all) => all[Math.floor(chance.next() * all.length)] as (typeof all)[number]
  let told = 0
  for (let n = 0; n < 25; n++) {
    if (n % 3 === 2) await scene.admin('PUT', `/v1/gateways/${pick(gateways)}`, movesBy(pick))
    const given = givenBy(pick)
    try {
      const { gains, loses } = await applied(given)
      told += gains.length + loses.length
    } catch (error) {
      throw new Error(`seed ${seed}, set ${n}: ${JSON.stringify(given)}`, { cause: error })
    }
  }
  console.log(`seed ${seed}: ${told} gains and losses of 25 declared files foretold`)
  expect(told).toBeGreaterThan(20)
}, 180_000)

test('a token whose other value cannot be had stays in force, and its dry run says so', async () => {
  const [first, second, taken] = [mintToken(), mintToken(), mintToken()]
  const saying = ({ hash }: typeof first) => ({ tokens: [{ name: 'changing', hash: hash.toString('hex') }] })
  const set = 'changing'
  const [made] = (await declare({ set, ...saying(first) }, 'prune=false')).steps
  await declare({ set: 'other', tokens: [{ name: 'other', hash: taken.hash.toString('hex') }] }, 'prune=false')
  const told: unknown[] = []
  for (const dry of [true, false]) told.push(toldOf(await declare({ set, ...saying(taken) }, `dry_run=${dry}`)))
  expect(told).toEqual([
    [1, 'change token changing: conflict'],
    [1, 'change token changing: conflict'],
  ])
  const comes = async ({ text }: typeof first): Promise<number> =>
    (await fetch(`${scene.gateway.url}/v1/tools`, { headers: { authorization: `Bearer ${text}` } })).status
  expect(await comes(first)).toBe(200)
  const foretold = await declare({ set, ...saying(second) }, 'dry_run=true')
  expect([toldOf(foretold), await comes(first)]).toEqual([[0, 'change token changing: done'], 200])
  const [changed] = (await declare({ set, ...saying(second) }, 'prune=false')).steps
  expect([changed?.id === made?.id, await comes(first), await comes(second)]).toEqual([false, 401, 200])
  const records = await scene.database.sql<{ action: string }>(
    `SELECT action FROM audit_log WHERE target_id = ANY($1) ORDER BY seq`,
    [[made?.id, changed?.id]],
  )
  expect(records.map(({ action }) => action)).toEqual(['tokens.create', 'tokens.revoke', 'tokens.create'])
})

test('a token does not change its own value', async () => {
  const [own, other] = [mintToken(), mintToken()]
  const saying = ({ hash }: typeof own) => ({ set: 'own', tokens: [{ name: 'own', hash: hash.toString('hex') }] })
  await declare(saying(own), 'prune=false')
  for (const dry of [true, false]) {
    const headers = { authorization: `Bearer ${own.text}`, 'content-type': 'application/json' }
    const path = `${scene.gateway.url}/v1/declared?dry_run=${dry}`
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(saying(other)) })
    const { steps } = (await response.json()) as Answer
    expect(steps[0]?.error).toMatchObject({ code: 'conflict', message: expect.stringContaining('with another token') })
  }
})

test('what a step is refused for, its dry run is, and the others are foretold', async () => {
  const ended = mintToken()
  const tokens = [{ name: 'ended', hash: ended.hash.toString('hex') }]
  await declare({ set: 'ending', tokens }, 'prune=false')
  await declare({ set: 'ending' }, 'prune=true')
  const say = (name: string) => ({ name, as: 'say' })
  const set = {
    set: 'refused',
    gateways: [
      { name: 'away', url: 'http://169.254.169.254/mcp' },
      ...GATEWAYS.map((name) => ({ name, url: scene.upstream })),
    ],
    servers: [{ name: 'double', tools: [say('one-echo'), say('two-echo')] }, { name: 'fine' }],
    tokens,
  }
  const asked = await declare(set, 'dry_run=true')
  const done = await declare(set, 'dry_run=false')
  expect(toldOf(asked)).toEqual(toldOf(done))
  expect(toldOf(done)).toEqual([
    3,
    'create gateway away: forbidden_address',
    'change gateway one: done',
    'change gateway two: done',
    'create server double: invalid_field',
    'create server fine: done',
    'create token ended: conflict',
  ])
})
