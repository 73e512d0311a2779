import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mcpDoors, opsDoors, restDoors, type Door } from './doors.ts'
import { accessScene, PRINCIPALS, type PrincipalName, type Scene } from './scene.ts'

interface Answer {
  /** `200`, `403`, or with the JSON-RPC code where it is an error of that kind: `200 -32602`. */
  readonly decision: string
  /** What was said, without what is different each time. */
  readonly said: string
}

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
        if (door.notFor?.includes(principal) === true) return
        const row = answers.get(door.name) ?? new Map<PrincipalName, Answer>()
        answers.set(door.name, row.set(principal, await ask(door, principal)))
      }),
    )
  }
}, 60_000)
afterAll(async () => {
  agent.destroy()
  await scene?.[Symbol.asyncDispose]()
})

function ask(door: Door, principal: PrincipalName): Promise<Answer> {
  const token = scene.tokens[principal]
  const headers = {
    ...door.headers,
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(door.body !== undefined && { 'content-length': String(Buffer.byteLength(door.body)) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(scene.gateway.url + door.path, { method: door.method, headers, agent }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve(understood(answer.statusCode ?? 0, Buffer.concat(chunks).toString(), door)))
      answer.on('error', reject)
    })
    sent.on('error', reject).end(door.body)
  })
}

function understood(status: number, text: string, { id }: Door): Answer {
  const json = text.startsWith('data: ') || text.startsWith('event:') ? (/^data: (.*)$/m.exec(text)?.[1] ?? '') : text
  const code = /^\{"jsonrpc".*"error":\{"code":(-\d+)/.exec(json)?.[1]
  const withoutId = id === undefined ? text : text.replaceAll(id, '{id}')
  return {
    decision: code === undefined ? String(status) : `${status} ${code}`,
    said: withoutId.replaceAll(/"request_id":"[^"]*"/g, ''),
  }
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
  expect(cells()).toBeGreaterThan(4_000)
  await expect(`${JSON.stringify(table(), null, 2)}\n`).toMatchFileSnapshot('matrix.golden.json')
})

const DENIED = /^40[134]/
const CANNOT_SEE = ['stranger', 'one server', 'none', 'garbage', 'expired', 'revoked'] as const

test('who cannot see a thing is told there what is told of nothing', () => {
  let compared = 0
  for (const { name, absent } of doors) {
    if (absent === undefined) continue
    for (const principal of CANNOT_SEE) {
      const there = answers.get(name)?.get(principal)
      const nothing = answers.get(absent)?.get(principal)
      expect(`${name} ${principal}: ${there?.said}`).toBe(`${name} ${principal}: ${nothing?.said}`)
      expect(there?.decision).toMatch(DENIED)
      compared++
    }
  }
  expect(compared).toBeGreaterThan(500)
})

test('a tool that a virtual server does not offer is one that nobody has, for everybody who comes through it', () => {
  for (const era of ['legacy', 'modern']) {
    const to = `/servers/{own}/mcp ${era} tools/call of`
    for (const principal of PRINCIPALS) {
      const [outside, unknown] = ['another tool', 'an unknown tool'].map((what) =>
        answers.get(`${to} ${what}`)?.get(principal),
      )
      expect(`${principal}: ${outside?.said}`).toBe(`${principal}: ${unknown?.said}`)
    }
    expect(answers.get(`${to} an unknown tool`)?.get('one server')?.decision).not.toBe('200')
  }
})

test('without a live token nothing but what is open to strangers answers, and all refusals are one', () => {
  const open = doors
    .filter(({ name }) => !answers.get(name)?.get('none')?.decision.startsWith('401'))
    .map(({ name }) => name)
  expect(open).toEqual([
    'GET /',
    'GET /openapi.json',
    'GET /docs',
    'GET /health text',
    'GET /ready text',
    'GET /nowhere text',
    'GET /v1/nowhere text',
  ])
  const dead = ['garbage', 'mistyped', 'expired', 'revoked', 'deactivated', 'disabled user'] as const
  for (const { name } of doors.filter((door) => !open.includes(door.name))) {
    const decisions = dead.map((principal) => answers.get(name)?.get(principal)?.decision)
    expect([name, ...new Set(decisions)]).toEqual([name, answers.get(name)?.get('none')?.decision])
  }
})

test('nobody who may not has changed anything', async () => {
  for (const [noun, { there }] of Object.entries(scene.ids)) {
    const { status } = await scene.gateway.api(
      'GET',
      `/v1/${noun}/${there}${/prompts|resources/.test(noun) ? '/info' : ''}`,
    )
    expect([noun, status]).toEqual([noun, 200])
  }
})
