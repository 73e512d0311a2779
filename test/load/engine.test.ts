import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startSimulator } from '../../bench/lab/simulator/simulator.ts'
import { startBetween, type Answered } from './between.ts'
import { answered, bareSite, failedOf, run, shortLoad } from './scene.ts'

const CLOSED = { users: 50, thinkSeconds: [0.1, 0.4] } as const

test.concurrent('every request that a server saw is in the count, in both eras, and nothing else', async () => {
  await using simulator = await startSimulator()
  const { results, ticks } = await run(bareSite(simulator.url), shortLoad({ streamed: 30, answerBytes: 5000 }), {
    processes: 2,
  })
  const seen = simulator.counters.requests
  const [legacy = 0, modern = 0] = [seen['initialize'], seen['server/discover']]
  expect(legacy + modern).toBe(50)
  expect(Math.abs(legacy - 25)).toBeLessThanOrEqual(1)
  expect(seen['notifications/initialized']).toBe(legacy)
  const asked = ['tools/call', 'tools/list', 'resources/read', 'prompts/get'].map((method) => seen[method] ?? 0)
  expect(Math.min(...asked)).toBeGreaterThan(20)
  expect(answered(results)).toBe(50 + asked.reduce((sum, count) => sum + count, 0))
  expect({ failed: failedOf(results), failures: results.failures, foreign: results.foreignAnswers }).toEqual({
    failed: 0,
    failures: [],
    foreign: 0,
  })
  expect(simulator.counters.connections).toBe(50)
  expect(results.kinds.map(({ kind }) => kind).toSorted()).toEqual(['call', 'list', 'prompt', 'read'])
  const call = results.kinds.find(({ kind }) => kind === 'call')
  expect(call?.total.count).toBe(call?.answered)
  // The upstream's own time is at least ten milliseconds, and no part of what was added.
  expect((call?.total.p50 ?? 0) - (call?.added.p50 ?? 0)).toBeGreaterThan(10)
  expect(ticks.at(1)?.users).toBe(50)
  expect(ticks.at(-1)?.inFlight).toBe(0)
  expect(results.generators).toMatchObject({ processes: 2 })
  expect(results.generators.cpuMicrosPerAnswer).toBeGreaterThan(0)
})

test.concurrent("an answer that carries another caller's canary is noticed, even where its id is right", async () => {
  await using simulator = await startSimulator()
  let held: { readonly answer: Answered; readonly release: (other: string) => void } | null = null
  let swapped = 0
  const textIn = ({ body }: Answered): string => JSON.stringify((JSON.parse(body) as { result: object }).result)
  const withResult = (answer: Answered, result: string): Answered => ({
    ...answer,
    body: answer.body.replace(textIn(answer), () => result),
  })
  await using between = await startBetween(simulator.url, {
    after: async (answer, { body }) => {
      if (swapped === 2 || !body.includes('"tools/call"')) return answer
      if (held === null) {
        const other = new Promise<string>((release) => (held = { answer, release }))
        return withResult(answer, await other)
      }
      swapped = 2
      held.release(textIn(answer))
      return withResult(answer, textIn(held.answer))
    },
  })
  const { results } = await run(bareSite(between.origin), shortLoad({ rampSeconds: 0 }))
  expect(results.foreignAnswers).toBe(2)
  expect(results.failures).toEqual([
    {
      kind: 'call',
      reason: "another caller's answer",
      count: 2,
      example: expect.stringMatching(/^expected \S+: .*"canary/s) as string,
    },
  ])
})

test.concurrent('failures are told apart and counted with an example, refusals are waited for', async () => {
  await using simulator = await startSimulator()
  const done = { error: 0, status: 0, reset: 0, refused: 0, unsaid: 0, garbage: 0 }
  const kinds = Object.keys(done) as (keyof typeof done)[]
  let calls = 0
  await using between = await startBetween(simulator.url, {
    before: ({ body }) => {
      if (!body.includes('"tools/call"') || ++calls % 5 !== 0) return undefined
      const kind = kinds[(calls / 5) % kinds.length] as keyof typeof done
      done[kind]++
      if (kind === 'reset') return 'reset'
      const id = String((JSON.parse(body) as { id: number }).id)
      const error = `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"no"}}`
      const plain = { 'content-type': 'application/json' }
      return {
        error: { status: 200, body: error, headers: plain },
        status: { status: 502, body: 'nobody is there', headers: {} },
        refused: { status: 429, body: '', headers: { 'retry-after': '1' } },
        unsaid: { status: 429, body: '', headers: {} },
        garbage: { status: 200, body: '<html>', headers: plain },
      }[kind]
    },
  })
  const { results } = await run(bareSite(between.origin), shortLoad({ rampSeconds: 0 }))
  expect(Math.min(...Object.values(done))).toBeGreaterThan(2)
  const counts = Object.fromEntries(results.failures.map(({ reason, count }) => [reason, count]))
  expect(counts).toEqual({
    'error -32603': done.error,
    'status 502': done.status,
    'the connection was reset': done.reset,
    'status 429': done.unsaid,
    'the answer is not JSON': done.garbage,
  })
  expect(results.failures.find(({ reason }) => reason === 'status 502')?.example).toBe('nobody is there')
  expect(results.kinds.find(({ kind }) => kind === 'call')).toMatchObject({ refused: done.refused })
})

test.concurrent('what an upstream spoils as it was told to is no failure of whoever says so', async () => {
  await using simulator = await startSimulator()
  const failures = [
    { share: 20, does: 'error' },
    { share: 20, does: 'tool-error' },
  ] as const
  const { results } = await run(bareSite(simulator.url), shortLoad({ failures }))
  expect(results.failures).toEqual([])
  expect(results.kinds.find(({ kind }) => kind === 'failing call')?.answered).toBeGreaterThan(50)
})

test.concurrent('a session that is forgotten is opened again, and the request is repeated in it', async () => {
  await using simulator = await startSimulator()
  const tokens = Array.from({ length: 50 }, (_, n) => `token-${n}`)
  const forgotten = new Set<string>()
  await using between = await startBetween(simulator.url, {
    before: ({ body, headers: { authorization = '', 'mcp-session-id': session } }) => {
      if (session === undefined || !body.includes('"tools/list"')) return undefined
      if (forgotten.size === 10 || forgotten.has(authorization)) return undefined
      forgotten.add(authorization)
      return { status: 404, body: '{}', headers: {} }
    },
  })
  const { results } = await run({ ...bareSite(between.origin), tokens }, shortLoad())
  expect(forgotten.size).toBe(10)
  const { initialize = 0, 'server/discover': discovered = 0 } = simulator.counters.requests
  expect(initialize).toBe(50 - discovered + 10)
  expect(results.failures).toEqual([])
})

test.concurrent(
  'streams are kept open by as many users as the scenario says, and opened again when they end',
  async () => {
    await using simulator = await startSimulator()
    const quiet = shortLoad({ streams: 40, loop: { kind: 'closed', users: 50, thinkSeconds: [2, 3] } })
    const { ticks, results } = await run(bareSite(simulator.url), quiet)
    expect(ticks.at(3)?.openStreams).toBe(20)
    expect(simulator.counters.requests['subscriptions/listen']).toBeGreaterThan(5)
    expect(results.failures).toEqual([])
  },
)

test.concurrent('a server without streams is no failure', async () => {
  await using simulator = await startSimulator()
  const none = { status: 405, body: '', headers: {} }
  await using between = await startBetween(simulator.url, {
    before: ({ method, body }) => {
      if (method === 'GET') return none
      const { id } = JSON.parse(body) as { id?: number }
      const error = `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no such method"}}`
      return body.includes('subscriptions/listen') ? { status: 404, body: error, headers: {} } : undefined
    },
  })
  const { results, ticks } = await run(bareSite(between.origin), shortLoad({ streams: 100 }))
  expect(ticks.at(-1)?.openStreams).toBe(0)
  expect(failedOf(results)).toBe(0)
})

test.concurrent(
  'in an open loop requests come whatever has been answered, and a stall is in the figures of all it held up',
  async () => {
    await using simulator = await startSimulator()
    const began = performance.now()
    const stall = { from: began + 4000, to: began + 5500 }
    await using between = await startBetween(simulator.url, {
      before: async () => {
        const now = performance.now()
        if (now > stall.from && now < stall.to) await sleep(stall.to - now)
        return undefined
      },
    })
    const loop = { kind: 'open', users: 200, perSecond: 100 } as const
    const { results } = await run(bareSite(between.origin), shortLoad({ loop, rampSeconds: 1, seconds: 6 }))
    const total = results.kinds.reduce((sum, { answered: count }) => sum + count, 0)
    // 600 are expected; five standard deviations around it.
    expect(Math.abs(total - 600)).toBeLessThan(125)
    expect(failedOf(results)).toBe(0)
    // A quarter of the time everything stood still: those who came then waited for the rest of it.
    expect(results.kinds.find(({ kind }) => kind === 'list')?.total.p90).toBeGreaterThan(400)
  },
)

test.concurrent('control users call through the relay, in figures of their own', async () => {
  await using simulator = await startSimulator()
  await using relay = await startBetween(simulator.url, {})
  const scenario = shortLoad({ loop: { kind: 'closed', ...CLOSED, users: 20 }, controlUsers: 10 })
  const { results, ticks } = await run(bareSite(simulator.url), scenario, { relay: bareSite(relay.origin) })
  const kinds = results.kinds.map(({ kind }) => kind)
  expect(kinds.slice(-2).toSorted()).toEqual(['relay call', 'relay list'])
  expect(ticks.at(-2)?.users).toBe(20)
  expect(failedOf(results)).toBe(0)
})

test.concurrent('a run that is ended early has the results until then', async () => {
  await using simulator = await startSimulator()
  const ending = new AbortController()
  const { results } = await run(bareSite(simulator.url), shortLoad({ seconds: 600 }), {
    stop: ending.signal,
    progress: ({ at }) => at === 3 && ending.abort(),
  })
  expect(results.measuredSeconds).toBeGreaterThanOrEqual(2)
  expect(results.measuredSeconds).toBeLessThan(5)
  expect(results.kinds.length).toBeGreaterThan(2)
})

test.concurrent('a site that does not offer what the mix asks for is named', async () => {
  const scenario = shortLoad({ mix: [{ request: 'call', share: 100, at: 'server' }] })
  await expect(run(bareSite('http://127.0.0.1:9'), scenario)).rejects.toThrow(
    'bare does not offer what the scenario asks for: call at server',
  )
})
