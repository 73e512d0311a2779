import { describe, expect, test } from 'vitest'
import type { FollowedGateway, Target } from '#/gateways/discovery.ts'
import { createUpstreams, type UpstreamParts } from '#/upstream/create-upstreams.ts'
import { legacyServer, modernServer } from '../support/mcp-servers.ts'
import { fakeServer, json, parsed, type Handle } from '../support/upstream-calls.ts'

function start(): UpstreamParts {
  return createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
  })
}

const { signal } = new AbortController()
const target = (url: string): Target => ({ url, headers: {}, transport: null, caCertificate: null })

describe('official servers', () => {
  test.each([true, false])('legacy, stateful: %s', async (stateful) => {
    await using server = await legacyServer({ stateful })
    await using parts = start()
    const found = await parts.discoverer.discover(target(server.url), { signal })
    expect(found).toMatchObject({
      era: 'legacy',
      revision: '2025-11-25',
      stateful,
      instructions: 'be kind',
      problems: [],
    })
    expect(found.evidence).toMatch(/initialize.*server\/discover/)
    expect(JSON.parse(found.serverInfo ?? '')).toMatchObject({ name: 'legacy-test' })
    expect(found.tools?.map((tool) => tool.key)).toEqual(['echo'])
    expect(JSON.parse(found.tools?.[0]?.definition ?? '')).toMatchObject({
      name: 'echo',
      inputSchema: { type: 'object' },
    })
    expect(found.prompts?.map((prompt) => prompt.key)).toEqual(['greet'])
    expect(found.resources?.map((resource) => resource.key)).toEqual(['test://readme'])
    expect(found.templates).toEqual([])
    const known = { era: found.era, revision: found.revision, transport: found.transport }
    expect((await parts.discoverer.probe(target(server.url), known, signal)).ms).toBeGreaterThanOrEqual(0)
    const before = server.methods.length
    await parts.discoverer.probe(target(server.url), known, signal)
    // The session of the probe is kept: the second one is a single exchange.
    expect(server.methods.length - before).toBe(1)
  })

  test('modern', async () => {
    await using server = await modernServer()
    await using parts = start()
    const found = await parts.discoverer.discover(target(server.url), { signal })
    expect(found).toMatchObject({ era: 'modern', revision: '2026-07-28', stateful: false, problems: [], prompts: [] })
    expect(JSON.parse(found.serverInfo ?? '')).toMatchObject({ name: 'modern-test' })
    expect(found.tools?.map((tool) => tool.key)).toEqual(['echo'])
    await parts.discoverer.probe(target(server.url), { era: 'modern', revision: '2026-07-28', transport: null }, signal)
  })

  test.each(['legacy', 'modern'] as const)('%s: a change of the tools is heard', async (era) => {
    await using server = era === 'legacy' ? await legacyServer({ stateful: true }) : await modernServer()
    await using parts = start()
    const found = await parts.discoverer.discover(target(server.url), { signal })
    const heard = Promise.withResolvers<string>()
    const gateway: FollowedGateway = {
      id: 'g',
      version: 1,
      target: target(server.url),
      era: found.era,
      revision: found.revision,
      capabilities: found.capabilities,
      changed: heard.resolve,
    }
    parts.follower.follow([gateway])
    const nudge = setInterval(() => server.addTool(`added-${String(performance.now())}`), 100)
    expect(await heard.promise).toBe('tools')
    clearInterval(nudge)
  })
})

/** A modern server made of answers by method. */
function modern(answers: Record<string, unknown>): Handle {
  const discover = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete' }
  return (_request, response, body) => {
    const { id, method, params } = parsed(body)
    const answer = ({ 'server/discover': discover, ...answers } as Record<string, unknown>)[method]
    const result = typeof answer === 'function' ? (answer as (params: unknown) => unknown)(params) : answer
    if (result === undefined) return json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }, 404)
    if (Buffer.isBuffer(result))
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(result.toString().replace('"ID"', String(id)))
    json(response, { jsonrpc: '2.0', id, result })
  }
}

async function discoverAt(handle: Handle) {
  await using server = await fakeServer(handle)
  await using parts = start()
  const found = await parts.discoverer.discover(target(server.url), { signal })
  return { found, seen: server.seen }
}

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } })

describe('lists', () => {
  test('every page is followed, in order', async () => {
    const pages: Record<string, unknown> = {
      '': { tools: [tool('a'), tool('b')], nextCursor: '2' },
      '2': { tools: [tool('c')], nextCursor: '3' },
      '3': { tools: [tool('d')] },
    }
    const { found } = await discoverAt(
      modern({ 'tools/list': ({ cursor = '' }: { cursor?: string }) => pages[cursor] }),
    )
    expect(found.tools?.map((one) => one.key)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a cursor that leads back, or a page that fails, leaves the list unknown', async () => {
    const loop = await discoverAt(modern({ 'tools/list': () => ({ tools: [tool('a')], nextCursor: 'again' }) }))
    expect(loop.found.tools).toBeNull()
    expect(loop.found.problems.join()).toMatch(/leads back/)
    const pages: Record<string, unknown> = { '': { tools: [tool('a')], nextCursor: '2' } }
    const broken = await discoverAt(modern({ 'tools/list': ({ cursor = '' }: { cursor?: string }) => pages[cursor] }))
    expect(broken.found.tools).toBeNull()
    expect(broken.found.problems).toHaveLength(1)
  })

  test('definitions are kept byte for byte; those that cannot be trusted are left out and named', async () => {
    const good = '{ "name":"good","inputSchema":{"type":"object","maximum":123456789012345678901234567890},"x":1.0 }'
    const list = [
      good,
      '{"name":"twice","name":"other","inputSchema":{"type":"object"}}',
      '{"name":"noschema"}',
      '{"inputSchema":{"type":"object"}}',
      '{"name":"badheader","inputSchema":{"type":"object","properties":{"a":{"type":"object","x-mcp-header":"A"}}}}',
      '{"name":"header","inputSchema":{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"Region"}}}}',
      good,
    ]
    const raw = Buffer.from(
      `{"jsonrpc":"2.0","id":"ID","result":{"tools":[${list.join(' , ')}],"resultType":"complete"}}`,
    )
    const { found } = await discoverAt(modern({ 'tools/list': raw }))
    expect(found.tools?.map((one) => one.key)).toEqual(['good', 'header'])
    expect(found.tools?.[0]?.definition).toBe(good)
    expect(found.tools?.[1]?.paramHeaders).toEqual([{ header: 'Region', path: ['r'], type: 'string' }])
    expect(found.problems).toHaveLength(5)
    expect(found.problems.join('\n')).toMatch(/twice but for case[^]*noschema[^]*no name[^]*badheader[^]*listed twice/)
  })
})

describe('what is not MCP is refused with a sentence that says what came', () => {
  const cases: [string, Handle, RegExp][] = [
    [
      'HTML',
      (_q, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /HTML.*often ends in \/mcp/,
    ],
    ['other JSON', (_q, r) => json(r, { hello: 'world' }), /not MCP/],
    ['an array', (_q, r) => json(r, [1]), /not MCP/],
    ['404', (_q, r) => void r.writeHead(404).end(), /404.*\/mcp/],
    [
      'a redirect',
      (_q, r) => void r.writeHead(308, { location: 'https://new.example/mcp' }).end(),
      /redirects to https:\/\/new\.example\/mcp/,
    ],
    ['401', (_q, r) => void r.writeHead(401).end(), /refused our credentials \(401\)/],
    ['nothing', (_q, r) => void r.writeHead(202).end(), /202/],
  ]
  test.each(cases)('%s', async (_name, handle, sentence) => {
    await expect(discoverAt(handle)).rejects.toMatchObject({
      code: 'upstream_invalid',
      message: expect.stringMatching(sentence),
    })
  })

  test('5xx and a refused connection are worth another try', async () => {
    await expect(discoverAt((_q, r) => void r.writeHead(500).end())).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
    await using parts = start()
    const gone = await fakeServer(() => {})
    await gone[Symbol.asyncDispose]()
    const asked = parts.discoverer.discover(target(gone.url), { signal })
    await expect(asked).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringMatching(/refused/),
    })
  })
})

test('a forbidden address is refused before a packet leaves', async () => {
  await using server = await fakeServer(() => {})
  await using parts = createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: false },
    clientInfo: { name: 'causeway', version: '0' },
  })
  let connections = 0
  server.server.on('connection', () => connections++)
  const { port } = new URL(server.url)
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    '[64:ff9b::7f00:1]',
  ])
    await expect(parts.discoverer.discover(target(`http://${host}:${port}/mcp`), { signal })).rejects.toMatchObject({
      code: 'forbidden_address',
    })
  expect(connections).toBe(0)
})
