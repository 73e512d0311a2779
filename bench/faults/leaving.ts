import { join } from 'node:path'
import type { RunningGateway } from '../../test/support/gateway.ts'
import { openSession, requestBytes } from '../load/target.ts'
import type { Program } from '../program.ts'
import { toolId } from './heard.ts'

/** A way in, and what is asked there that never ends. */
export interface Door {
  readonly name: string
  /** A whole HTTP request. */
  readonly bytes: Buffer
  /** The answer begins before it does not end. */
  readonly streams: boolean
  /** The server behind it is told of each call that is not wanted any more, since its era has words for that. */
  readonly told: boolean
}

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/stdio-server.ts')

/** The gateways of all doors, by name. */
async function register(gateway: RunningGateway, { url }: Program): Promise<Readonly<Record<string, string>>> {
  const body = { name: 'stdio', transport: 'STDIO', command: process.execPath, args: [FIXTURE] }
  const { body: made } = await gateway.api('POST', '/v1/gateways', body)
  if (made['reachable'] !== true) throw new Error(`the stdio server was not discovered: ${JSON.stringify(made)}`)
  return {
    legacy: (await gateway.register('legacy', `${url}/legacy/hang/mcp`)).id,
    modern: (await gateway.register('modern', `${url}/modern/hang/mcp`)).id,
    streaming: (await gateway.register('streaming', `${url}/legacy/dawdle/mcp`)).id,
    stdio: made.id,
  }
}

/**
 * Every way in: both eras at servers of both, /rpc, REST, a stream of events that is under way, and a server over stdio. As many for
 * each token, since no principal has places for a thousand calls that hang.
 */
export async function doorsTo(
  gateway: RunningGateway,
  server: Program,
  tokens: readonly string[],
): Promise<readonly Door[]> {
  const ids = await register(gateway, server)
  const all = await Promise.all(tokens.map((token) => doorsOf({ ...gateway, token }, ids)))
  return all.flat()
}

type As = Pick<RunningGateway, 'url' | 'token' | 'api'>

async function doorsOf(gateway: As, ids: Readonly<Record<string, string>>): Promise<readonly Door[]> {
  const at = (name: string): string => `${gateway.url}/gateways/${ids[name]}/mcp`
  const doors: Door[] = []
  for (const behind of ['legacy', 'modern'])
    for (const era of ['legacy', 'modern'] as const) {
      const target = { url: at(behind), era, method: 'tools/call', tool: 'call', token: gateway.token } as const
      const { bytes } = requestBytes(target, await openSession(target))
      doors.push({ name: `${era} at ${behind}`, bytes, streams: false, told: behind === 'legacy' })
    }
  const over = (path: string, body: object): Buffer => post(gateway, path, body)
  const plain = { streams: false, told: true }
  const rest = `/v1/tools/${await toolId({ gateway }, 'legacy-call')}/call`
  return [
    ...doors,
    { name: '/rpc', bytes: over('/rpc', rpc('legacy-call')), ...plain },
    { name: 'REST', bytes: over(rest, { arguments: {} }), ...plain },
    { name: 'events', bytes: over(new URL(at('streaming')).pathname, rpc('call', 'p')), streams: true, told: true },
    { name: 'stdio', bytes: over(new URL(at('stdio')).pathname, rpc('never')), streams: false, told: false },
  ]
}

const rpc = (name: string, progressToken?: string): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: {}, ...(progressToken !== undefined && { _meta: { progressToken } }) },
})

function post({ url, token }: As, path: string, body: object): Buffer {
  const text = JSON.stringify(body)
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** Calls that wait at the stdio server, as somebody asks who has places of their own. */
export async function waitingAtStdio(gateway: RunningGateway, token: string): Promise<number> {
  const response = await fetch(`${gateway.url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(rpc('stdio-waiting')),
  })
  const { result } = (await response.json()) as { result: { content: readonly { text: string }[] } }
  return Number(result.content[0]?.text)
}
