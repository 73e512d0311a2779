import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Launch } from '../../src/stdio/launch.ts'
import { FIXTURE, membersOf, startHost, textOf, until, type Message, type TestHost } from '../support/stdio-host.ts'

let host: TestHost
beforeAll(async () => {
  host = await startHost()
})
afterAll(async () => await host[Symbol.asyncDispose]())

const rpc = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })

describe('what a server speaks', () => {
  test('a legacy server is introduced and called', async () => {
    const launch = host.launch([])
    const discovered = await host.ask(launch, rpc('server/discover'))
    expect(discovered.messages[0]).toMatchObject({ id: 1, error: { code: -32601 } })
    const [initialized] = (await host.ask(launch, rpc('initialize', {}, 'mine'))).messages
    expect(initialized).toMatchObject({ id: 'mine', result: { protocolVersion: '2025-11-25' } })
    expect(await host.call(launch, 'echo', { text: 'hällo\n"' })).toBe('hällo\n"')
  })

  test('a modern server is introduced and called', async () => {
    const launch = host.launch(['--modern'])
    const [discovered] = (await host.ask(launch, rpc('server/discover'))).messages
    expect(discovered).toMatchObject({ id: 1, result: { supportedVersions: ['2026-07-28'], resultType: 'complete' } })
    expect((await host.ask(launch, rpc('initialize'))).messages[0]).toMatchObject({ error: { code: -32601 } })
    expect(await host.call(launch, 'echo', { text: 'hi' })).toBe('hi')
  })

  test('a server that ends when it is asked anything before initialize is started once more', async () => {
    const launch = host.launch(['--exit-on-discover'])
    expect(await host.call(launch, 'echo', { text: 'hi' })).toBe('hi')
  })

  test('a ping starts nothing', async () => {
    const launch = host.launch([])
    const before = host.host.figures.processes
    expect((await host.ask(launch, rpc('ping'))).messages[0]).toMatchObject({ result: {} })
    expect(host.host.figures.processes).toBe(before)
  })

  test('what has no answer is accepted', async () => {
    const launch = host.launch([])
    const { status } = await host.ask(launch, { jsonrpc: '2.0', method: 'notifications/initialized' })
    expect(status).toBe(202)
  })
})

describe('many callers of one process', () => {
  test('each has its own answer, whatever id it chose', async () => {
    const launch = host.launch([])
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        host.ask(launch, rpc('tools/call', { name: 'echo', arguments: { text: `t${n}` } }, 7)),
      ),
    )
    expect(answers.map(({ messages }) => textOf(messages[0]))).toEqual(Array.from({ length: 50 }, (_, n) => `t${n}`))
    expect(new Set(answers.map(({ messages }) => messages[0]?.id))).toEqual(new Set([7]))
  })

  test('progress goes to its own call, under its own token', async () => {
    const launch = host.launch([])
    const asked = (token: unknown, n: number) =>
      host.ask(launch, rpc('tools/call', { name: 'steps', arguments: { n }, _meta: { progressToken: token } }, token))
    const [one, two, none] = await Promise.all([asked('same', 3), asked(99, 2), asked(undefined, 2)])
    const tokens = (messages: readonly Message[]) => messages.slice(0, -1).map(({ params }) => params?.progressToken)
    expect(tokens(one.messages)).toEqual(['same', 'same', 'same'])
    expect(tokens(two.messages)).toEqual([99, 99])
    expect(none.messages).toHaveLength(1)
    expect(one.messages.at(-1)).toMatchObject({ id: 'same', result: {} })
  })

  test('a caller that leaves cancels its own call alone', async () => {
    const launch = host.launch([])
    const slow = host.call(launch, 'slow', { n: 300 })
    const gone = new AbortController()
    const left = host.call(launch, 'never', {}, { signal: gone.signal })
    left.catch(() => {})
    await until(() => host.host.figures.busy === 2)
    gone.abort()
    await expect(left).rejects.toThrow()
    expect(await slow).toBe('slept 300')
    expect(await host.call(launch, 'cancelled')).toBe('1')
    expect(host.host.figures.busy).toBe(0)
  })

  test('what a server asks of a client is refused, and it goes on', async () => {
    expect(await host.call(host.launch([]), 'ask')).toBe('asked')
  })

  test.each([[[]], [['--modern']]])('a changed list is told to whoever follows: %j', async (flags) => {
    const launch = host.launch(['--announce', ...flags])
    const modern = flags.length > 0
    const stop = new AbortController()
    const heard: string[] = []
    const follow = host.ask(launch, modern ? rpc('subscriptions/listen', {}, 'sub') : {}, {
      method: modern ? 'POST' : 'GET',
      signal: stop.signal,
    })
    follow.catch((error: Error) => heard.push(error.name))
    expect(host.host.figures.busy).toBe(0)
    await host.call(launch, 'grow')
    const listing = await host.ask(launch, rpc('tools/list'))
    expect(JSON.stringify(listing.messages)).toContain('grown-')
    stop.abort()
    await until(() => heard.length === 1)
  })
})

describe('who shares a process', () => {
  test('all, one principal, or nobody', async () => {
    const shared = host.launch([])
    expect(await host.groupOf(shared, 'a')).toBe(await host.groupOf(shared, 'b'))
    const apart = host.launch([], { sharing: 'per_principal' })
    const [a, b] = [await host.groupOf(apart, 'a'), await host.groupOf(apart, 'b')]
    expect(a).not.toBe(b)
    expect(await host.groupOf(apart, 'a')).toBe(a)
    const each = host.launch([], { sharing: 'per_call' })
    const [first, second] = [await host.groupOf(each), await host.groupOf(each)]
    expect(first).not.toBe(second)
    await until(() => !host.groups.has(first) && !host.groups.has(second))
    expect([...membersOf(first), ...membersOf(second)]).toEqual([])
  })
})

describe('a gateway that changes', () => {
  const changed = (launch: Launch, over: Partial<Launch>): Launch => ({
    ...launch,
    version: launch.version + 1,
    ...over,
  })

  test('what is under way is answered by the process before, what comes later by the one after', async () => {
    const before = host.launch([], { env: { MODE: 'x' } })
    const group = await host.groupOf(before)
    const running = host.call(before, 'slow', { n: 700 })
    await until(() => host.host.figures.busy === 1)
    const after = changed(before, { env: { MODE: 'y' } })
    expect(JSON.parse(await host.call(after, 'env'))).toMatchObject({ MODE: 'y' })
    expect(host.groups.has(group)).toBe(true)
    expect(await running).toBe('slept 700')
    await until(() => !host.groups.has(group))
  })

  test('a worker that has yet to hear of it gets what is there now, on an open connection and on a new one', async () => {
    const before = host.launch([], { env: { MODE: 'x' } })
    using open = host.lanes(before)
    expect(JSON.parse(await open.call('env'))).toMatchObject({ MODE: 'x' })
    const after = changed(before, { env: { MODE: 'y' } })
    const group = await host.groupOf(after)
    expect(JSON.parse(await open.call('env'))).toMatchObject({ MODE: 'y' })
    expect(JSON.parse(await host.call(before, 'env'))).toMatchObject({ MODE: 'y' })
    expect(await host.groupOf(after)).toBe(group)
  })

  const CHANGED = 'the gateway was changed; its server is started anew'

  test.each<[string, Partial<Launch>]>([
    ['speaks', { args: [FIXTURE, '--modern'] }],
    ['is shared', { sharing: 'per_principal' }],
  ])(
    'who has yet to hear that it %s otherwise is answered by the one before, until everybody has heard',
    async (_, over) => {
      // Until then the one after has to start, which takes a busy machine a while.
      await using host = await startHost({ heardMs: 8_000 })
      const before = host.launch([])
      using open = host.lanes(before)
      const group = await host.groupOf(before)
      const pid = async (call: Promise<string>) => (JSON.parse(await call) as { pid: number }).pid
      expect(await host.call(changed(before, over), 'echo', { text: 'mine' }, { caller: 'a' })).toBe('mine')
      expect(await pid(open.call('pid'))).toBe(group)
      expect(await pid(host.call(before, 'pid'))).toBe(group)
      await until(() => !host.groups.has(group))
      expect(await open.call('echo')).toContain(CHANGED)
    },
  )

  test('nobody is refused between the first notice of it and the first call of who has heard', async () => {
    const before = host.launch([], { env: { MODE: 'x' } })
    using open = host.lanes(before)
    const group = await host.groupOf(before)
    const { gatewayId, version } = before
    host.host.retire({ gatewayId, version, gone: false, changed: true })
    for (const call of [open.call('env'), host.call(before, 'env')])
      expect(JSON.parse(await call)).toMatchObject({ MODE: 'x' })
    expect(JSON.parse(await host.call(changed(before, { env: { MODE: 'y' } }), 'env'))).toMatchObject({ MODE: 'y' })
    for (const call of [open.call('env'), host.call(before, 'env')])
      expect(JSON.parse(await call)).toMatchObject({ MODE: 'y' })
    await until(() => !host.groups.has(group))
  })

  test('told of it, one that nobody calls by its new launch ends all the same', async () => {
    const before = host.launch([])
    const group = await host.groupOf(before)
    const { gatewayId, version } = before
    host.host.retire({ gatewayId, version, gone: false, changed: true })
    await until(() => !host.groups.has(group))
    expect(await host.call(before, 'echo')).toContain(CHANGED)
  })

  test('changed back before everybody has heard, it goes on', async () => {
    const before = host.launch([])
    const group = await host.groupOf(before)
    const { gatewayId, version } = before
    host.host.retire({ gatewayId, version, gone: false, changed: true })
    expect(await host.groupOf({ ...before, version: version + 2 })).toBe(group)
    await sleep(2_500)
    expect(await host.groupOf({ ...before, version: version + 2 })).toBe(group)
  })

  test('told of the change before or after it is replaced, it still answers what is under way', async () => {
    const before = host.launch([], { env: { MODE: 'x' } })
    const group = await host.groupOf(before)
    const running = host.call(before, 'slow', { n: 2500 })
    await until(() => host.host.figures.busy === 1)
    const told = (): void =>
      host.host.retire({ gatewayId: before.gatewayId, version: before.version, gone: false, changed: true })
    told()
    expect(await host.groupOf(before)).toBe(group)
    expect(JSON.parse(await host.call(changed(before, { env: { MODE: 'y' } }), 'env'))).toMatchObject({ MODE: 'y' })
    told()
    expect(host.groups.has(group)).toBe(true)
    expect(await running).toBe('slept 2500')
    await until(() => !host.groups.has(group))
  })

  test('one that nobody uses makes room for what takes its place', async () => {
    await using one = await startHost({ maxProcesses: 1 })
    const before = one.launch([])
    expect(await one.call(before, 'echo', { text: 'old' })).toBe('old')
    expect(await one.call(changed(before, { env: { MODE: 'y' } }), 'echo', { text: 'new' })).toBe('new')
  })

  test('switched off, it ends at once, with what was replaced before', async () => {
    const before = host.launch([])
    const running = host.call(before, 'never')
    await until(() => host.host.figures.busy === 1)
    const after = changed(before, { env: { MODE: 'y' } })
    const also = host.call(after, 'never')
    await until(() => host.host.figures.busy === 2)
    host.host.retire({ gatewayId: before.gatewayId, version: 3, gone: false })
    expect(await running).toContain('switched off or deleted')
    expect(await also).toContain('switched off or deleted')
    expect(host.host.figures.busy).toBe(0)
  })

  test('switched off, what was replaced and goes on for those who have yet to hear ends at once too', async () => {
    await using host = await startHost({ heardMs: 60_000 })
    const before = host.launch([])
    const group = await host.groupOf(before)
    await host.call(changed(before, { sharing: 'per_principal' }), 'echo', { text: 'x' }, { caller: 'a' })
    expect(await host.groupOf(before)).toBe(group)
    const running = host.call(before, 'never')
    await until(() => host.host.figures.busy === 1)
    host.host.retire({ gatewayId: before.gatewayId, version: 3, gone: false })
    expect(await running).toContain('switched off or deleted')
    await until(() => !host.groups.has(group))
    expect(await host.call(before, 'echo')).toContain('the gateway was changed; its server is started anew')
  })
})

describe('what a process is given', () => {
  test('PATH, HOME and the like, what is declared, and nothing of ours', async () => {
    const launch = host.launch([], { env: { GREETING: 'hello there' } })
    const env = JSON.parse(await host.call(launch, 'env')) as Record<string, string>
    expect(env).toMatchObject({ GREETING: 'hello there', PATH: process.env['PATH'] })
    const ours = Object.keys(env).filter((name) => /CAUSEWAY|VITEST|NODE_|DATABASE/.test(name))
    // Whom this machine trusts is passed on where it is set, and is no more than that.
    expect(ours).toEqual('NODE_EXTRA_CA_CERTS' in process.env ? ['NODE_EXTRA_CA_CERTS'] : [])
  })

  test('limits of memory and of open files', async () => {
    const group = await host.groupOf(host.launch([]))
    const limits = readFileSync(`/proc/${group}/limits`, 'utf8')
    expect(limits).toMatch(/Max open files +512 +512/)
    expect(limits).toMatch(/Max data size +2147483648 +2147483648/)
  })
})
