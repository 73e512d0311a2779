import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { FollowedGateway } from '#/gateways/discovery.ts'
import { fakeServer, json, parsed, startUpstreams, type Handle } from '../support/upstream-calls.ts'

const CAPABILITIES = '{"tools":{"listChanged":true},"prompts":{"listChanged":true}}'

function followed(url: string, changed: (what: string) => void, over: Partial<FollowedGateway> = {}): FollowedGateway {
  const target = { url, headers: { 'x-key': 'k' }, transport: null, caCertificate: null }
  return {
    id: 'g',
    version: 1,
    target,
    era: 'legacy',
    revision: '2025-11-25',
    capabilities: CAPABILITIES,
    changed,
    ...over,
  }
}

/** A legacy server with one GET stream at a time, which the test writes to. */
function streaming() {
  const state = { stream: undefined as ServerResponse | undefined, posted: [] as unknown[], deleted: 0, opened: 0 }
  const handle: Handle = (request, response, body) => {
    if (request.method === 'DELETE') {
      state.deleted++
      response.writeHead(200).end()
    } else if (request.method === 'GET') {
      state.opened++
      state.stream = response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
    } else if (parsed(body).method === 'initialize') {
      response.setHeader('mcp-session-id', 's1')
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } }
      json(response, { jsonrpc: '2.0', id: parsed(body).id, result })
    } else {
      state.posted.push(JSON.parse(body.toString()))
      response.writeHead(202).end()
    }
  }
  const say = (message: object): void =>
    void state.stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
  return { state, handle, say }
}

test('legacy: changes are heard, requests of the server are answered, a broken stream comes back, the session ends', async () => {
  const { state, handle, say } = streaming()
  await using server = await fakeServer(handle)
  const heard: string[] = []
  {
    await using parts = startUpstreams()
    parts.follower.follow([followed(server.url, (what) => heard.push(what))])
    await expect.poll(() => state.opened).toBe(1)
    say({ method: 'notifications/tools/list_changed' })
    say({ method: 'notifications/prompts/list_changed' })
    say({ id: 'p', method: 'ping' })
    say({ id: 7, method: 'roots/list' })
    await expect.poll(() => heard).toEqual(['tools', 'prompts'])
    await expect
      .poll(() => state.posted)
      .toEqual([
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 'p', result: {} },
        { jsonrpc: '2.0', id: 7, error: { code: -32601, message: expect.any(String) } },
      ])
    state.stream?.destroy()
    await expect.poll(() => state.opened, { timeout: 5000 }).toBe(2)
    // What it announced while the stream was away is lost: both lists may have changed, and are told once.
    await expect.poll(() => heard).toEqual(['tools', 'prompts', 'tools', 'prompts'])
    say({ method: 'notifications/tools/list_changed' })
    await expect.poll(() => heard).toEqual(['tools', 'prompts', 'tools', 'prompts', 'tools'])
    // The same set again changes nothing, but a later callback is the one that counts.
    parts.follower.follow([followed(server.url, (what) => heard.push(`new ${what}`))])
    say({ method: 'notifications/tools/list_changed' })
    await expect.poll(() => heard.at(-1)).toBe('new tools')
    expect(state.opened).toBe(2)
    parts.follower.follow([])
    await expect.poll(() => state.deleted).toBe(1)
  }
})

test('a server without a stream, or one that announces nothing, is left alone', async () => {
  await using server = await fakeServer((request, response, body) => {
    if (request.method === 'GET') response.writeHead(405).end()
    else if (parsed(body).method !== 'initialize') response.writeHead(202).end()
    else
      json(response, {
        jsonrpc: '2.0',
        id: parsed(body).id,
        result: { protocolVersion: '2025-11-25', capabilities: {} },
      })
  })
  await using parts = startUpstreams()
  parts.follower.follow([
    followed(server.url, () => {}),
    followed(server.url, () => {}, { id: 'h', capabilities: '{"tools":{}}' }),
  ])
  await expect.poll(() => server.seen).toEqual(['POST initialize', 'POST notifications/initialized', 'GET'])
  await new Promise((resolve) => {
    setTimeout(resolve, 1200)
  })
  expect(server.seen).toHaveLength(3)
})
