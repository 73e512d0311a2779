import { describe, expect, test } from 'vitest'
import { Canceller } from '#/lib/canceller.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { accept, answer, byName, gatewayOf, sseServer, sseTarget, type Message } from '../support/sse-server.ts'
import { call, principal, requestTo, startUpstreams } from '../support/upstream-calls.ts'

describe('many calls on one stream', () => {
  test('one stream per principal, answers by id and byte for byte, ended at the server', async () => {
    await using server = await sseServer({
      posted: byName({
        odd: (line, { id }) =>
          line.raw(
            `data: {"result":{"content":[],"n":12345678901234567890,"x":{"é":1e400}} ,\ndata: "jsonrpc":"2.0","id":${String(id)},"extra":null}\n\n`,
          ),
      }),
    })
    await using parts = startUpstreams()
    const gateway = gatewayOf(server.url)
    const [ann, bob] = [principal('ann'), principal('bob')]
    const heard = await Promise.all(
      [ann, ann, bob, ann].map((who, n) =>
        call(parts.upstreams, requestTo(gateway, { principal: who, name: `n${String(n)}` })),
      ),
    )
    expect(heard.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
    expect(
      heard.map(({ messages }) => (JSON.parse(messages[0] ?? '') as { result: Message }).result.params['name']),
    ).toEqual(['n0', 'n1', 'n2', 'n3'])
    expect(server.lines).toHaveLength(2)
    const odd = await call(parts.upstreams, requestTo(gateway, { principal: ann, name: 'odd' }))
    const id = odd.start?.upstreamId ?? 0
    expect(odd.messages).toEqual([
      `{"result":{"content":[],"n":12345678901234567890,"x":{"é":1e400}} ,\n"jsonrpc":"2.0","id":${String(id)},"extra":null}`,
    ])
    await parts[Symbol.asyncDispose]()
    await expect.poll(() => server.lines.length).toBe(0)
  })

  test('answers twice, of unknown ids, junk, and requests of its own disturb nobody', async () => {
    await using server = await sseServer({
      posted: byName({
        tool: (line, message) => {
          line.say({ jsonrpc: '2.0', id: 987654, result: {} })
          line.say({ jsonrpc: '2.0', id: String(message.id), result: { not: 'ours' } })
          line.raw('data: not JSON\n\nevent: keepalive\ndata: {}\n\n: comment\n\ndata: [1]\n\n')
          line.say({ jsonrpc: '2.0', id: message.id, method: 'roots/list' })
          line.say({ jsonrpc: '2.0', id: 'p', method: 'ping' })
          answer(line, message)
          answer(line, message)
        },
      }),
    })
    await using parts = startUpstreams()
    const gateway = gatewayOf(server.url)
    const heard = await Promise.all([1, 2, 3].map(() => call(parts.upstreams, requestTo(gateway))))
    for (const { error, messages } of heard) {
      expect(error).toBeUndefined()
      expect(messages).toHaveLength(1)
      expect(messages[0]).toContain('"content":[]')
    }
    await expect.poll(() => server.posted.filter(({ method }) => method === undefined)).toHaveLength(6)
    expect(server.posted).toContainEqual({ jsonrpc: '2.0', id: 'p', result: {} })
  })

  test('log messages go to the newest call, progress to its own', async () => {
    const waiting: (() => void)[] = []
    await using server = await sseServer({
      posted: byName({
        first: (line, message) => waiting.push(() => answer(line, message)),
        second: (line, message) => {
          line.say({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } })
          const first = server.posted.find(({ params }) => params?.['name'] === 'first')
          line.say({
            jsonrpc: '2.0',
            method: 'notifications/progress',
            params: { progressToken: first?.id, progress: 1 },
          })
          answer(line, message)
          for (const go of waiting) go()
        },
      }),
    })
    await using parts = startUpstreams()
    const who = principal()
    const gateway = gatewayOf(server.url)
    const first = call(parts.upstreams, requestTo(gateway, { principal: who, name: 'first' }))
    await expect.poll(() => waiting.length).toBe(1)
    const second = await call(parts.upstreams, requestTo(gateway, { principal: who, name: 'second' }))
    const methods = (messages: readonly string[]) =>
      messages.map((one) => (JSON.parse(one) as { method?: string }).method)
    expect(methods(second.messages)).toEqual(['notifications/message', undefined])
    expect(methods((await first).messages)).toEqual(['notifications/progress', undefined])
  })
})

describe('what can go wrong', () => {
  test('a POST that is refused, and one that is accepted after its answer', async () => {
    const late: (() => void)[] = []
    await using server = await sseServer({
      posted: (line, { message, response }) => {
        const name = String(message.params['name'])
        if (name === 'refused') {
          response.writeHead(500).end('no')
          return
        }
        answer(line, message)
        late.push(() => accept(response))
      },
    })
    await using parts = startUpstreams()
    const gateway = gatewayOf(server.url)
    const ask = (name: string) => call(parts.upstreams, requestTo(gateway, { name }))
    expect(await ask('refused')).toMatchObject({
      error: { code: 'upstream_unreachable' },
      report: { mayHaveRun: true },
    })
    expect((await ask('late')).error).toBeUndefined()
    for (const go of late) go()
    expect((await ask('late')).error).toBeUndefined()
  })

  test('a session that the server has forgotten is opened anew, once for all', async () => {
    let forgetful = true
    await using server = await sseServer({
      posted: (line, { message, response }) => {
        if (forgetful) response.writeHead(404).end()
        else {
          accept(response)
          answer(line, message)
        }
      },
    })
    await using parts = startUpstreams()
    const gateway = gatewayOf(server.url)
    const who = principal()
    const ask = () => call(parts.upstreams, requestTo(gateway, { principal: who }))
    expect((await ask()).error).toMatchObject({ code: 'upstream_invalid' })
    forgetful = false
    expect(await Promise.all([ask(), ask()])).toMatchObject([{ error: undefined }, { error: undefined }])
    await expect.poll(() => server.lines.length).toBe(1)
  })

  test('a lost stream fails its calls with what may have happened; reads are asked again; the next call finds another', async () => {
    await using server = await sseServer({
      posted: byName({
        drop: (line) => line.response.destroy(),
        half: (line, { id }) => {
          line.raw(
            `retry: 700\n\ndata: {"jsonrpc":"2.0","id":${String(id)},"result":{"content":["${'x'.repeat(100_000)}`,
          )
          setTimeout(() => line.response.destroy(), 50)
        },
      }),
    })
    await using parts = startUpstreams()
    const who = principal()
    const gateway = gatewayOf(server.url)
    const ask = (name: string, idempotent = false) =>
      call(parts.upstreams, requestTo(gateway, { principal: who, name, idempotent }))
    expect((await ask('fine')).error).toBeUndefined()
    const lost = await ask('drop')
    expect(lost).toMatchObject({
      error: { code: 'upstream_unreachable', message: expect.stringContaining('the call may have run') },
      report: { attempts: 1, mayHaveRun: true },
    })
    expect(await ask('half')).toMatchObject({ error: { message: expect.stringContaining('middle of its answer') } })
    const before = server.opened.length
    const after = performance.now()
    expect((await ask('fine')).error).toBeUndefined()
    // As long as the server asked for.
    expect((server.opened[before] ?? 0) - after).toBeGreaterThan(500)
    expect(await ask('drop', true)).toMatchObject({ report: { attempts: 3 } })
  })

  test('a server that wants to be left alone for long is; a call is told when to come again', async () => {
    await using server = await sseServer({
      posted: byName({
        drop: (line) => {
          line.raw('retry: 20000\n\n')
          setTimeout(() => line.response.destroy(), 20)
        },
      }),
    })
    await using parts = startUpstreams()
    const gateway = gatewayOf(server.url)
    const ask = (name: string) => call(parts.upstreams, requestTo(gateway, { principal: principal('one'), name }))
    expect((await ask('drop')).error?.message).toContain('the call may have run')
    const { error, report } = await ask('fine')
    expect(error).toMatchObject({ code: 'upstream_busy', retryAfter: 20 })
    expect(report.mayHaveRun).toBe(false)
    expect(server.opened).toHaveLength(1)
  })

  test('a client that leaves is told to the server, and the others go on', async () => {
    await using server = await sseServer({ posted: byName({ never: () => {} }) })
    await using parts = startUpstreams()
    const who = principal()
    const gateway = gatewayOf(server.url)
    const canceller = new Canceller()
    const left = call(parts.upstreams, requestTo(gateway, { principal: who, name: 'never', signal: canceller.signal }))
    await expect.poll(() => server.posted.some(({ method }) => method === 'tools/call')).toBe(true)
    canceller.abort(new GatewayError('client_gone', 'gone'))
    expect((await left).report.mayHaveRun).toBe(true)
    await expect.poll(() => server.posted.at(-1)?.method).toBe('notifications/cancelled')
    expect((await call(parts.upstreams, requestTo(gateway, { principal: who }))).error).toBeUndefined()
    expect(server.lines).toHaveLength(1)
  })

  test('a stream that is dead without a word is found out and left', async () => {
    let silent = false
    await using server = await sseServer({
      posted: (line, { message, response }) => {
        accept(response)
        if (!silent || line.session !== 's1') answer(line, message)
      },
    })
    await using parts = startUpstreams()
    const gateway = { ...gatewayOf(server.url), timeoutMs: 1200 }
    const who = principal()
    const ask = () => call(parts.upstreams, requestTo(gateway, { principal: who }))
    expect((await ask()).error).toBeUndefined()
    silent = true
    expect((await ask()).error?.code).toBe('upstream_timeout')
    await expect.poll(() => server.lines.length, { timeout: 10_000 }).toBe(0)
    expect(server.posted.map(({ method }) => method)).toContain('ping')
    expect((await ask()).error).toBeUndefined()
  })

  test('an idle session is closed', async () => {
    await using server = await sseServer()
    await using parts = startUpstreams({ sessionIdleMs: 100 })
    const gateway = gatewayOf(server.url)
    expect((await call(parts.upstreams, requestTo(gateway))).error).toBeUndefined()
    expect(server.lines).toHaveLength(1)
    await expect.poll(() => server.lines.length, { timeout: 10_000 }).toBe(0)
  })
})

test('changes are followed by the stream, and after it was lost by another', async () => {
  await using server = await sseServer()
  await using parts = startUpstreams()
  const heard: string[] = []
  parts.follower.follow([
    {
      id: 'g',
      version: 1,
      target: sseTarget(server.url, 'SSE'),
      era: 'legacy',
      revision: '2024-11-05',
      capabilities: '{"tools":{"listChanged":true}}',
      changed: (what) => heard.push(what),
    },
  ])
  await expect.poll(() => server.posted.length).toBe(1)
  const changed = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
  await expect
    .poll(() => {
      server.lines[0]?.say(changed)
      return heard.length
    })
    .toBeGreaterThan(0)
  server.lines[0]?.response.destroy()
  heard.length = 0
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['tools'])
  expect(server.opened).toHaveLength(2)
})
