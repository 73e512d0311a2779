import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FIXTURE, membersOf, startHost, until, type TestHost } from '../support/stdio-host.ts'

let host: TestHost
beforeAll(async () => {
  host = await startHost()
})
afterAll(async () => await host[Symbol.asyncDispose]())

const rpc = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })

describe('children that misbehave', () => {
  test.each([
    [
      'a command that does not exist',
      { command: 'no-such-program' },
      'command',
      '"no-such-program" was not found on the PATH',
    ],
    ['a file that is no program', { command: FIXTURE }, 'command', 'is no program that can be run'],
    ['a folder that does not exist', { cwd: '/no/such/folder' }, 'cwd', 'does not exist'],
  ])('%s is told at once', async (_name, over, field, why) => {
    const { fault, status } = await host.ask(host.launch([], over), rpc('initialize'))
    expect({ status, code: fault?.code, field: fault?.field }).toEqual({ status: 424, code: 'invalid_field', field })
    expect(fault?.message).toContain(why)
  })

  test('one that exits at once: its last words for who introduces, a short sentence for a caller, then patience', async () => {
    const launch = host.launch(['--exit'])
    const introduced = await host.ask(launch, rpc('initialize'))
    expect(introduced.fault?.message).toContain('exit code 3')
    expect(introduced.fault?.message).toContain('it wrote: no configuration found')
    for (let n = 0; n < 4; n++) expect(await host.call(launch, 'echo')).not.toContain('no configuration')
    expect(await host.call(launch, 'echo')).toMatch(/keeps ending \(exit code 3\); it is started again in \d+ s/)
    expect((await host.ask(launch, rpc('ping'))).fault?.message).toContain('keeps ending')
  })

  test('a crash ends the calls that ran, and the next call starts it anew', async () => {
    const launch = host.launch([])
    const [crashed, beside] = await Promise.all([
      host.ask(launch, rpc('tools/call', { name: 'crash' })),
      host.call(launch, 'never'),
    ])
    expect(crashed.status).toBe(500)
    expect(crashed.fault).toMatchObject({ message: "the server's process ended (killed by SIGSEGV)", mayHaveRun: true })
    expect(beside).toBe("the server's process ended (killed by SIGSEGV)")
    expect(await host.call(launch, 'echo', { text: 'again' })).toBe('again')
  })

  test('junk beside the protocol goes to the log', async () => {
    const launch = host.launch(['--junk-first'])
    expect(await host.call(launch, 'junk', { n: 50 })).toBe('done')
    const log = await logOf(launch)
    expect(log).toContain('stdout: Welcome to the server!')
    expect(log).toContain('stdout: {broken')
    expect(log).toContain('stdout: junk 1')
  })

  test('100 MB on stderr are survived, and the log stays small', async () => {
    const launch = host.launch([])
    const loud = host.launch([])
    const [shouted] = await Promise.all([host.call(loud, 'shout', { n: 100_000_000 }), beat(launch, 20)])
    expect(shouted).toBe('shouted')
    expect((await logOf(loud)).length).toBeLessThan(200_000)
  }, 30_000)

  test('a message beyond the bound is refused without being held', async () => {
    const launch = host.launch([])
    const before = process.memoryUsage.rss()
    expect(await host.call(launch, 'big', { n: 60_000_000 })).toBe("the server's answer is larger than 16 MiB")
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000)
    expect(await host.call(launch, 'big', { n: 1_000_000 })).toHaveLength(1_000_000)
  })

  test('a line without an end disturbs nobody else', async () => {
    const endless = host.launch([])
    const gone = new AbortController()
    const flood = host.call(endless, 'endless', {}, { signal: gone.signal })
    flood.catch(() => {})
    await beat(host.launch([]), 30)
    gone.abort()
    host.host.retire({ gatewayId: endless.gatewayId, version: 1, gone: true })
    await expect(flood).rejects.toThrow()
  })

  test('one that does not read any more: so much is kept for it, then it is said', async () => {
    const launch = host.launch([])
    expect(await host.call(launch, 'deafen')).toBe('deaf')
    const gone = new AbortController()
    const text = 'x'.repeat(5_000_000)
    const waiting = [0, 1].map(() => host.call(launch, 'echo', { text }, { signal: gone.signal }).catch(() => 'gone'))
    await until(() => host.host.figures.busy >= 2)
    expect(await host.call(launch, 'echo')).toBe('the server does not read what is sent to it')
    gone.abort()
    expect(await Promise.all(waiting)).toEqual(['gone', 'gone'])
  })

  test('one that never answers, from its first message on: its callers can leave', async () => {
    const launch = host.launch(['--deaf'])
    const gone = new AbortController()
    const waiting = host.call(launch, 'echo', {}, { signal: gone.signal })
    waiting.catch(() => {})
    setTimeout(() => gone.abort(), 300)
    await expect(waiting).rejects.toThrow()
  })

  test('one that forks and ignores every request to end is killed with all it started', async () => {
    const launch = host.launch(['--fork', '--ignore-term', '--ignore-end'])
    const group = await host.groupOf(launch)
    expect(membersOf(group).length).toBeGreaterThan(1)
    const began = performance.now()
    host.host.retire({ gatewayId: launch.gatewayId, version: 1, gone: false })
    await until(() => membersOf(group).length === 0)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(await host.call(launch, 'echo')).toBe('the gateway was switched off or deleted')
    expect(await host.call({ ...launch, version: 2 }, 'echo', { text: 'on again' })).toBe('on again')
  })

  test('what a crashed server had started ends with it', async () => {
    const launch = host.launch(['--fork'])
    const group = await host.groupOf(launch)
    await host.call(launch, 'crash')
    await until(() => membersOf(group).length === 0)
  })
})

async function logOf(launch: Parameters<TestHost['call']>[0]): Promise<string> {
  const { messages } = await host.ask(launch, {}, { method: 'GET', target: '/logs?tail=1000' })
  return messages.map(({ stream, text }) => `${stream}: ${text}`).join('\n')
}

/** Calls one after the other; throws where one did not go well. */
async function beat(launch: Parameters<TestHost['call']>[0], times: number): Promise<void> {
  for (let n = 0; n < times; n++) expect(await host.call(launch, 'echo', { text: `beat ${n}` })).toBe(`beat ${n}`)
}
