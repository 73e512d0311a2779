import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type GatewayEntity, type RunningGateway } from '../support/gateway.ts'
import { FIXTURE, until } from '../support/stdio-host.ts'
import { processTree } from '../support/processes.ts'

const require = createRequire(import.meta.url)

/** The program of a server from npm. */
function program(name: string): string {
  const path = require.resolve(`@modelcontextprotocol/${name}/package.json`)
  const { bin } = require(path) as { bin: Record<string, string> }
  return join(dirname(path), Object.values(bin)[0] ?? '')
}

let gateway: RunningGateway
let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'cw-files-')))
  await writeFile(join(folder, 'hello.txt'), 'hello from a file\n')
  gateway = await startGateway({ env: { CAUSEWAY_WORKERS: '2' } })
}, 60_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

interface Started {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

async function started(name: string, { args = [FIXTURE], ...rest }: Started = {}): Promise<GatewayEntity> {
  const body = { name, transport: 'STDIO', command: process.execPath, args, ...rest }
  const made = await gateway.api('POST', '/v1/gateways', body)
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300)
  const at = async () => (await gateway.api('GET', `/v1/gateways/${made.body.id}`)).body
  for (let n = 0; n < 100 && (await at())['reachable'] !== true; n++) await sleep(100)
  // The worker that answered knows it at once, the others within a second.
  await sleep(1000)
  return await at()
}

async function call(id: string, name: string, args: object = {}): Promise<{ text: string; message: string }> {
  const response = await fetch(`${gateway.url}/gateways/${id}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  })
  const answer = (await response.json()) as {
    result?: { content: { text: string }[] }
    error?: { message: string }
  }
  return { text: answer.result?.content[0]?.text ?? '', message: answer.error?.message ?? '' }
}

const pidOf = async (id: string): Promise<number> => (JSON.parse((await call(id, 'pid')).text) as { pid: number }).pid

const isRunning = (pid: number): boolean => processTree(pid).length > 0

describe('servers from npm over stdio say the same through the gateway as they say themselves', () => {
  const servers: [string, string[], string, object, string | undefined][] = [
    ['server-everything', ['stdio'], 'get-sum', { a: 2, b: 40 }, 'demo://resource/static/document/architecture.md'],
    ['server-memory', [], 'read_graph', {}, undefined],
    ['server-filesystem', ['FOLDER'], 'read_text_file', { path: 'FOLDER/hello.txt' }, undefined],
    [
      'server-sequential-thinking',
      [],
      'sequentialthinking',
      { thought: 'one', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      undefined,
    ],
  ]

  test.each(servers)('%s', async (name, given, tool, given2, resource) => {
    const args = [program(name), ...given.map((arg) => arg.replace('FOLDER', folder))]
    const toolArguments = JSON.parse(JSON.stringify(given2).replaceAll('FOLDER', folder)) as Record<string, unknown>
    const env = { MEMORY_FILE_PATH: join(folder, 'memory.json') }
    const { id } = await started(name, { args, env })
    const through = new Client({ name: 'test', version: '1' })
    const url = new URL(`${gateway.url}/gateways/${id}/mcp`)
    const headers = { authorization: `Bearer ${gateway.token}` }
    await through.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
    const direct = new Client({ name: 'test', version: '1' })
    const given3 = { command: process.execPath, args, env: { ...env, PATH: process.env['PATH'] ?? '' } }
    await direct.connect(new StdioClientTransport({ ...given3, stderr: 'ignore' }))
    try {
      for (const ask of [
        (client: Client) => client.listTools(),
        (client: Client) => client.callTool({ name: tool, arguments: toolArguments }),
        ...(resource === undefined ? [] : [(client: Client) => client.readResource({ uri: resource })]),
      ])
        expect(await ask(through)).toEqual(await ask(direct))
    } finally {
      await through.close()
      await direct.close()
    }
  })
})

describe('what is registered', () => {
  test('environment is sealed and masked, and reaches the process; arguments are shown', async () => {
    const made = await started('sealed', { env: { API_KEY: 'sekret-9f8e7d', MODE: 'x' } })
    expect(made).toMatchObject({
      url: null,
      transport: 'STDIO',
      command: process.execPath,
      args: [FIXTURE],
      env: { API_KEY: '*****', MODE: '*****' },
      cwd: null,
      sharing: 'shared',
    })
    expect(JSON.parse((await call(made.id, 'env')).text)).toMatchObject({ API_KEY: 'sekret-9f8e7d', MODE: 'x' })
    const kept = await gateway.api('PUT', `/v1/gateways/${made.id}`, { env: { API_KEY: '*****', MODE: 'y' } })
    expect(kept.body['env']).toEqual({ API_KEY: '*****', MODE: '*****' })
    // Whichever worker is asked, and whether or not it has heard of the change: no call is lost.
    await until(async () => {
      const answer = await call(made.id, 'env')
      expect(answer.message).toBe('')
      return JSON.parse(answer.text).MODE === 'y'
    })
    expect(JSON.parse((await call(made.id, 'env')).text)).toMatchObject({ API_KEY: 'sekret-9f8e7d', MODE: 'y' })
    expect(await gateway.output()).not.toContain('sekret-9f8e7d')
  })

  test('what looks like a key among the arguments is masked, and stays when it comes back so', async () => {
    const { id, args } = await started('keyed', { args: [FIXTURE, '--api-key', 'sekret-1a2b3c'] })
    expect(args).toEqual([FIXTURE, '--api-key', '*****'])
    const kept = await gateway.api('PUT', `/v1/gateways/${id}`, { args, cwd: folder })
    expect([kept.status, kept.body['args']]).toEqual([200, args])
    expect(JSON.parse((await call(id, 'args')).text)).toEqual(['--api-key', 'sekret-1a2b3c'])
    const exported = await gateway.api('GET', '/v1/export?types=gateways')
    expect(JSON.stringify(exported.body)).toContain('keyed')
    expect(JSON.stringify(exported.body)).not.toContain('sekret')
  })

  test.each([
    ['no command', { command: '' }, 'command'],
    ['a program that does not exist', { command: 'no-such-program' }, 'command'],
    ['a folder that does not exist', { cwd: '/no/such/folder' }, 'cwd'],
    ['a URL beside it', { url: 'http://127.0.0.1:1/mcp' }, 'url'],
    ['a token', { authType: 'bearer', authToken: 'x' }, 'authType'],
    ['another sharing', { sharing: 'nobody' }, 'sharing'],
    ['a value that is missing', { env: { KEY: '*****' } }, 'env'],
    ['a command for a URL', { transport: 'SSE', command: undefined, args: ['x'], url: 'http://127.0.0.1:1/' }, 'args'],
  ])('%s is refused with its field, and nothing is stored', async (_name, over, field) => {
    const body = { name: 'refused', transport: 'STDIO', command: process.execPath, args: [FIXTURE], ...over }
    const { status, body: answer } = await gateway.api('POST', '/v1/gateways', body)
    expect({ status, field: answer['field'] }).toEqual({ status: 422, field })
    const { body: list } = await gateway.api('GET', '/v1/gateways?include_inactive=true')
    expect(JSON.stringify(list)).not.toContain('"refused"')
  })

  test('one that exits at once is kept as pending, with its last words', async () => {
    const body = { name: 'exits', transport: 'STDIO', command: process.execPath, args: [FIXTURE, '--exit'] }
    const { body: made } = await gateway.api('POST', '/v1/gateways', body)
    expect(made['status']).toBe('pending')
    expect(made['lastError']).toContain('exit code 3')
    expect(made['lastError']).toContain('no configuration found')
    await gateway.api('DELETE', `/v1/gateways/${made.id}`)
  })

  test('only an administrator’s whole token may say what is run', async () => {
    const permissions = ['gateways.create', 'gateways.read', 'gateways.update']
    const { body: token } = await gateway.api('POST', '/v1/tokens', { name: 'narrow', scope: { permissions } })
    const narrow = String(token['access_token'])
    await sleep(1000)
    const send = (method: string, path: string, body: object) =>
      fetch(`${gateway.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${narrow}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const made = await send('POST', '/v1/gateways', { name: 'narrow', transport: 'STDIO', command: 'true' })
    expect(made.status).toBe(403)
    const { id } = await started('for-narrow')
    expect((await send('PUT', `/v1/gateways/${id}`, { args: ['x'] })).status).toBe(403)
    expect((await send('PUT', `/v1/gateways/${id}`, { description: 'only words' })).status).toBe(200)
  })
})

describe('what becomes of its process', () => {
  test('it ends when the gateway is switched off or deleted, and calls are told', async () => {
    const { id } = await started('switched')
    const pid = await pidOf(id)
    const running = call(id, 'never')
    await sleep(300)
    await gateway.api('POST', `/v1/gateways/${id}/state?activate=false`)
    expect((await running).message).toContain('switched off or deleted')
    await until(() => !isRunning(pid))
    const { status, body } = await gateway.api('GET', `/v1/gateways/${id}/logs`)
    expect({ status, log: JSON.stringify(body) }).toMatchObject({
      status: 200,
      log: expect.stringContaining('started'),
    })
    await gateway.api('POST', `/v1/gateways/${id}/state?activate=true`)
    await until(async () => (await call(id, 'echo', { text: 'back' })).text === 'back')
    const again = await pidOf(id)
    await gateway.api('DELETE', `/v1/gateways/${id}`)
    await until(() => !isRunning(again))
  })

  test('what is under way when its command changes is answered by it', async () => {
    const { id } = await started('changing', { env: { MODE: 'x' } })
    const pid = await pidOf(id)
    // For longer than any worker takes to hear of the change.
    const running = call(id, 'slow', { n: 4000 })
    await sleep(300)
    expect((await gateway.api('PUT', `/v1/gateways/${id}`, { env: { MODE: 'y' } })).status).toBe(200)
    await until(async () => JSON.parse((await call(id, 'env')).text || '{}').MODE === 'y')
    expect(await pidOf(id)).not.toBe(pid)
    expect(await running).toEqual({ text: 'slept 4000', message: '' })
    await until(() => !isRunning(pid))
  })

  test('it ends also when the gateway is deleted a moment after it was made', async () => {
    const body = { name: 'short-lived', transport: 'STDIO', command: process.execPath, args: [FIXTURE, 'short-lived'] }
    const { body: made } = await gateway.api('POST', '/v1/gateways', body)
    const ofIt = (): boolean => gateway.processes().some(({ command }) => command.includes('short-lived'))
    expect(ofIt()).toBe(true)
    expect((await gateway.api('DELETE', `/v1/gateways/${made.id}`)).status).toBe(200)
    await until(() => !ofIt())
  })

  test('all workers share one, and a killed host leaves none behind and is replaced', async () => {
    const { id } = await started('hosted', { args: [FIXTURE, '--ignore-term', '--ignore-end'] })
    const several = () => Promise.all(Array.from({ length: 20 }, () => call(id, 'pid')))
    // Until every worker knows the new gateway.
    await until(async () => (await several()).every(({ text }) => text !== ''))
    const pids = (await several()).map(({ text }) => (JSON.parse(text) as { pid: number }).pid)
    expect(new Set(pids).size).toBe(1)
    const host = gateway.processes().find(({ command }) => command.includes('run-as-stdio-host'))
    expect(host).toBeDefined()
    process.kill(host?.pid ?? 0, 'SIGKILL')
    await until(() => !isRunning(pids[0] ?? 0))
    await until(async () => (await call(id, 'echo', { text: 'back' })).text === 'back')
    expect(await pidOf(id)).not.toBe(pids[0])
  })

  test('its log is read by REST, whole and as it goes on', async () => {
    const { id } = await started('logged', { args: [FIXTURE, '--junk-first'] })
    const { body } = await gateway.api('GET', `/v1/gateways/${id}/logs?tail=10`)
    const lines = body as unknown as { text: string; stream: string }[]
    expect(lines.map(({ stream, text }) => `${stream}: ${text}`)).toContain('stdout: Welcome to the server!')
    const stop = new AbortController()
    const response = await fetch(`${gateway.url}/v1/gateways/${id}/logs?tail=0&follow=true`, {
      headers: { authorization: `Bearer ${gateway.token}` },
      signal: stop.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const shouted = call(id, 'shout', { n: 10 })
    let heard = ''
    for await (const chunk of response.body ?? [])
      if ((heard += Buffer.from(chunk).toString()).includes('xxxxxxxxx')) break
    stop.abort()
    expect((await shouted).text).toBe('shouted')
    const { status } = await gateway.api('GET', `/v1/gateways/${'0'.repeat(32)}/logs`)
    expect(status).toBe(404)
  })
})
