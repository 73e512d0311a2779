import { expect, test } from 'vitest'
import {
  call,
  fakeServer,
  gatewayAt,
  json,
  parsed,
  principal,
  requestTo,
  startUpstreams,
  type Handle,
} from '../support/upstream-calls.ts'

/** A legacy server with sessions: what it knows is in `known`, so a test can make it forget. */
function stateful(refusal: (r: Parameters<Handle>[1]) => void, capabilities: object = {}) {
  const known = new Map<string, string[]>()
  let count = 0
  const handle: Handle = (request, response, body) => {
    const id = String(request.headers['mcp-session-id'] ?? '')
    if (request.method === 'DELETE') return void (known.delete(id), response.writeHead(200).end())
    const message = parsed(body)
    if (message.method === 'server/discover') return void response.writeHead(404).end()
    if (message.method === 'initialize') {
      const name = `session-${String(++count)}`
      known.set(name, [])
      response.setHeader('mcp-session-id', name)
      const result = { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 's', version: '1' } }
      return json(response, { jsonrpc: '2.0', id: message.id, result })
    }
    const session = known.get(id)
    if (session === undefined) return refusal(response)
    session.push(message.method)
    if (message.method.startsWith('notifications/')) return void response.writeHead(202).end()
    json(response, { jsonrpc: '2.0', id: message.id, result: { session: id } })
  }
  return { known, handle }
}

const refusals: [string, (r: Parameters<Handle>[1]) => void][] = [
  ['404', (r) => void r.writeHead(404).end()],
  [
    '400 in the words of the official example',
    (r) =>
      json(
        r,
        { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request: No valid session ID provided' } },
        400,
      ),
  ],
]

test.each(refusals)('opened once for many, one per principal, and healed after %s', async (_name, refusal) => {
  const { known, handle } = stateful(refusal)
  await using server = await fakeServer(handle)
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { stateful: true, revision: '2025-06-18' })
  const [ann, bob] = [principal('ann'), principal('bob')]
  const heard = await Promise.all(
    [ann, ann, ann, bob].map((who) => call(parts.upstreams, requestTo(gateway, { principal: who }))),
  )
  expect(heard.map((one) => one.error)).toEqual([undefined, undefined, undefined, undefined])
  expect(known.size).toBe(2)
  expect(heard[0]?.start?.revision).toBe('2025-06-18')
  for (const [name, methods] of known) expect(methods[0], name).toBe('notifications/initialized')
  known.clear()
  const healed = await Promise.all([1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway, { principal: ann }))))
  expect(healed.map((one) => one.error)).toEqual([undefined, undefined, undefined])
  expect(known.size).toBe(1)
  expect(healed.every((one) => one.report.attempts <= 2)).toBe(true)
  await parts[Symbol.asyncDispose]()
  expect(known.size).toBe(0)
})

test('a server that is thought stateless and is not heals too', async () => {
  const { known, handle } = stateful(
    (r) =>
      void r
        .writeHead(400)
        .end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Server not initialized' } })),
  )
  await using server = await fakeServer(handle)
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url)
  expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
  expect(known.size).toBe(1)
  const second = await call(parts.upstreams, requestTo(gateway))
  expect(second).toMatchObject({ error: undefined, report: { attempts: 1 } })
})

test('a changed gateway leaves its sessions and opens its own', async () => {
  const { known, handle } = stateful((r) => void r.writeHead(404).end())
  await using server = await fakeServer(handle)
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { stateful: true })
  const who = principal()
  await call(parts.upstreams, requestTo(gateway, { principal: who }))
  await call(parts.upstreams, requestTo({ ...gateway, version: 2 }, { principal: who }))
  await expect.poll(() => [...known.keys()]).toEqual(['session-2'])
})

test('at a gateway of unknown era, nobody gets the session that another has opened', async () => {
  const { known, handle } = stateful((r) => void r.writeHead(404).end())
  await using server = await fakeServer(handle)
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { era: null, revision: null })
  const [ann, bob] = [principal('ann'), principal('bob')]
  const sessionOf = async (who: typeof ann): Promise<unknown> => {
    const { messages } = await call(parts.upstreams, requestTo(gateway, { principal: who }))
    return (JSON.parse(messages[0] ?? '') as { result: { session: string } }).result.session
  }
  const [a, b, again] = await Promise.all([sessionOf(ann), sessionOf(bob), sessionOf(ann)])
  expect(a).not.toBe(b)
  expect(again).toBe(a)
  expect([await sessionOf(ann), await sessionOf(bob)]).toEqual([a, b])
  // The session that told the era is one of the two: no third one was opened.
  expect(known.size).toBe(2)
  await parts[Symbol.asyncDispose]()
  expect(known.size).toBe(0)
})

test.each([
  ['which logs', { logging: {} }, ['notifications/initialized', 'logging/setLevel']],
  ['which does not', {}, ['notifications/initialized']],
])('a session at a server %s', async (_name, capabilities, opening) => {
  const { known, handle } = stateful((r) => void r.writeHead(404).end(), capabilities)
  const levels: unknown[] = []
  await using server = await fakeServer((request, response, body) => {
    if (!body.includes('logging/setLevel')) return handle(request, response, body)
    levels.push(parsed(body).params)
    // A level that is refused costs nobody the call.
    known.get(String(request.headers['mcp-session-id']))?.push('logging/setLevel')
    response.writeHead(500).end()
  })
  await using parts = startUpstreams()
  const gateway = gatewayAt(server.url, { stateful: true, revision: '2025-06-18' })
  const who = principal()
  const calls = [1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway, { principal: who })))
  for (const { error } of await Promise.all(calls)) expect(error).toBeUndefined()
  await expect
    .poll(() =>
      [...known.values()][0]
        ?.filter((method) => method !== 'tools/call')
        .toSorted()
        .toReversed(),
    )
    .toEqual(opening)
  expect(levels).toEqual(opening.length === 2 ? [{ level: 'debug' }] : [])
})
