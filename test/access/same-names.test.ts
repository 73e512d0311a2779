import { afterAll, beforeAll, expect, test } from 'vitest'
import { startExactServer, type ExactServer } from '../fixtures/exact-server.ts'
import { namesScene, type Answer, type NamesScene, type Who } from './names-scene.ts'

let scene: NamesScene
let upstream: ExactServer

beforeAll(async () => {
  scene = await namesScene()
  const tools =
    '{"tools":[{"name":"say","inputSchema":{"type":"object"}},{"name":"ask","inputSchema":{"type":"object"}}]}'
  upstream = await startExactServer(
    'modern',
    new Map([
      ['tools/list', { result: tools }],
      ['tools/call say', { result: '{"content":[{"type":"text","text":"said"}]}' }],
    ]),
  )
}, 60_000)
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

const register = (who: Who, name: string, more: object = {}): Promise<Answer> =>
  scene.ask(who, 'POST', '/v1/gateways', { name, url: upstream.url, ...more })
const inTeam = (team: 0 | 1, visibility = 'team') => ({ visibility, team_id: scene.teams[team] })

async function toolsOf(who: Who, id: string): Promise<readonly string[]> {
  const { body } = await scene.ask(who, 'GET', `/v1/tools?include_pagination=true&gateway_id=${id}`)
  return (body['tools'] as readonly { readonly name: string }[]).map(({ name }) => name).toSorted()
}

/** What a name of the aggregate leads to for somebody: what they are listed under it, and how a call ends. */
async function listed(who: Who): Promise<readonly string[]> {
  const { body } = await scene.ask(who, 'POST', '/rpc', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
  const { tools } = body['result'] as { readonly tools: readonly { readonly name: string }[] }
  return tools.map(({ name }) => name)
}

const common = ({ status, body }: Answer, name: string): unknown =>
  JSON.parse(
    JSON.stringify({ status, body }, (key, value: unknown) =>
      /At$|^(id|request_id|cursor|lastSeen)$/.test(key) ? 'its own' : value,
    ).replaceAll(name, 'NAME'),
  )

test('a gateway and its tools are called as if nothing hidden were called so; whom both are shown to is answered by the nearer', async () => {
  const hidden = await register('ben', 'beacon', inTeam(0, 'private'))
  const beside = await register('cat', 'beacon', inTeam(1))
  const alone = await register('cat', 'island', inTeam(1))
  expect([hidden.status, beside.status]).toEqual([200, 200])
  expect(common(beside, 'beacon')).toEqual(common(alone, 'island'))
  expect(await toolsOf('cat', beside.body.id)).toEqual(['beacon-ask', 'beacon-say'])
  // Nor do the tools of another gateway get letters more because of it.
  const near = await register('cat', 'be', { ...inTeam(1), name: 'Beacon two' })
  expect(await toolsOf('cat', near.body.id)).toEqual(['beacon-two-ask', 'beacon-two-say'])
  // What is for all comes beside both; a team's own comes before it, and each is listed once.
  expect((await register('root', 'beacon')).status).toBe(200)
  for (const who of ['cat', 'ann', 'root'] as const)
    expect((await listed(who)).filter((name) => name.startsWith('beacon-s') || name === 'beacon-ask')).toHaveLength(2)
  // Who sees it already is told.
  for (const query of ['?dry_run=true', '']) {
    const body = { name: 'Beacon', url: upstream.url, ...inTeam(0) }
    const refused = await scene.ask('ben', 'POST', `/v1/gateways${query}`, body)
    expect(refused).toMatchObject({ status: 409, body: { field: 'name', message: 'Gateway name already exists' } })
  }
})

test('a gateway that comes to where its name is taken is refused, and its tools get names that nobody sees twice', async () => {
  const own = await register('ben', 'harbour', inTeam(0, 'private'))
  const public_ = await register('root', 'harbour')
  expect([own.status, public_.status]).toEqual([200, 200])
  const move = { visibility: 'team' }
  for (const query of ['?dry_run=true', ''])
    expect(await scene.ask('ben', 'PUT', `/v1/gateways/${own.body.id}${query}`, move)).toMatchObject({
      status: 409,
      body: { field: 'name' },
    })
  // What stays where it is may be changed in any other way.
  const said = await scene.ask('ben', 'PUT', `/v1/gateways/${own.body.id}`, { description: 'a place' })
  expect(said).toMatchObject({ status: 200, body: { description: 'a place' } })
  const moved = await scene.ask('ben', 'PUT', `/v1/gateways/${own.body.id}`, { ...move, name: 'quay' })
  expect(moved.status, JSON.stringify(moved.body)).toBe(200)
  const names = await toolsOf('ben', own.body.id)
  expect(names).toHaveLength(2)
  for (const name of names) expect(name).toMatch(/^quay-(ask|say)-[0-9a-f]{6}$|^quay-(ask|say)$/)
  expect(new Set(await listed('ann')).size).toBe((await listed('ann')).length)
})

test('what is hidden of a gateway takes no name from what is shown of it', async () => {
  const { body: made } = await register('cat', 'works', inTeam(0))
  const { body } = await scene.ask('cat', 'GET', `/v1/tools?include_pagination=true&gateway_id=${made.id}`)
  const [hidden, shown] = body['tools'] as readonly { readonly id: string }[]
  const hide = { customName: 'veiled', visibility: 'private' }
  expect((await scene.ask('cat', 'PUT', `/v1/tools/${hidden?.id}`, hide)).status).toBe(200)
  const answers: unknown[] = []
  for (const customName of ['veiled', 'unborn'])
    for (const query of ['?dry_run=true', '']) {
      const answer = await scene.ask('ben', 'PUT', `/v1/tools/${shown?.id}${query}`, { customName })
      expect(answer.status).toBe(200)
      if (query === '') answers.push({ ...(common(answer, customName) as object), version: 0 })
    }
  const [beside, alone] = answers.map((answer) => JSON.stringify(answer).replaceAll(/"version":\d+/g, '"version":0'))
  expect(beside).toBe(alone)
  // Who sees both calls their own.
  await scene.ask('ben', 'PUT', `/v1/tools/${shown?.id}`, { customName: 'veiled' })
  for (const who of ['cat', 'ben'] as const)
    expect((await listed(who)).filter((name) => name === 'works-veiled')).toHaveLength(1)
})
