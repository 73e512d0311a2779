import { expect, test } from 'vitest'
import type { Target } from '#/gateways/discovery.ts'
import { sseServer, sseTarget as target, type Line } from '../support/sse-server.ts'
import { startUpstreams } from '../support/upstream-calls.ts'

const signal = AbortSignal.timeout(60_000)

const greetings: readonly (readonly [string, (line: Line) => void, RegExp])[] = [
  [
    'an endpoint on another origin',
    (line) => line.raw('event: endpoint\ndata: http://127.0.0.1:1/m\n\n'),
    /another origin \(http:\/\/127\.0\.0\.1:1 instead/,
  ],
  ['an endpoint that is no URL', (line) => line.raw('event: endpoint\ndata: http://\n\n'), /that is no URL/],
  ['no endpoint but an end', (line) => line.response.end(), /ended without naming an endpoint/],
  [
    'a message before its endpoint and an end',
    (line) => line.response.end('data: {}\n\n'),
    /without naming an endpoint/,
  ],
]

test.each(greetings)('%s is refused', async (_name, greet, why) => {
  await using server = await sseServer({ greet })
  await using parts = startUpstreams()
  for (const transport of [null, 'SSE'] as const) {
    const error: unknown = await parts.discoverer
      .discover(target(server.url, transport), { signal })
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'upstream_invalid', message: expect.stringMatching(why) })
  }
  expect(server.posted).toEqual([])
})

test('no endpoint at all is a timeout that says so', async () => {
  await using server = await sseServer({ greet: () => {} })
  await using parts = startUpstreams({ connectMs: 100 })
  await expect(parts.discoverer.discover(target(server.url, 'SSE'), { signal })).rejects.toMatchObject({
    code: 'upstream_timeout',
    message: expect.stringContaining('names an endpoint within 5000 ms'),
  })
  await expect.poll(() => server.lines.length).toBe(0)
})

test('credentials go with every request, also of the stream', async () => {
  await using server = await sseServer()
  await using parts = startUpstreams()
  const found = await parts.discoverer.discover(target(server.url, 'SSE'), { signal })
  expect(found).toMatchObject({ transport: 'SSE', revision: '2024-11-05' })
  expect(server.seen.slice(0, 2)).toEqual(['GET', 'POST initialize'])
  expect(new Set(server.keys)).toEqual(new Set(['k']))
})

test('declared and not spoken names the field; streamable HTTP declared is not tried otherwise', async () => {
  await using server = await sseServer()
  server.handle = (_request, response) => void response.writeHead(405).end()
  await using parts = startUpstreams()
  const refused = (transport: Target['transport']) =>
    parts.discoverer.discover(target(server.url, transport), { signal })
  await expect(refused('SSE')).rejects.toThrow(
    /does not speak HTTP\+SSE here: it answered GET with 405; leave transport out/,
  )
  server.seen.length = 0
  await expect(refused('STREAMABLEHTTP')).rejects.toThrow(/answered 405/)
  expect(server.seen).toEqual(['POST server/discover', 'POST initialize'])
  server.seen.length = 0
  await expect(refused(null)).rejects.toThrow(/answered 405; is this its MCP endpoint/)
  expect(server.seen).toEqual(['POST server/discover', 'POST initialize', 'GET'])
})
