import { request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JSON_WIRE, SSE_WIRE, type Reply } from '../fixtures/exact-server.ts'
import type { Era } from '../support/raw-client.ts'
import { startCells, type Cells } from './cells.ts'

const MB = 1_000_000
const SIZES = [5, 100] as const
/** What each call may hold. */
const HELD = 2 * 1024 * 1024
/** What a JavaScript heap may grow by on its own account before it is collected. */
const SLACK = 48 * MB

const tail = '"}]}}'
const head = (id: string, modern: boolean): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{${modern ? '"resultType":"complete",' : ''}"content":[{"type":"text","text":"`

const FILLING: Readonly<Record<number, Buffer>> = Object.fromEntries(
  SIZES.map((size) => [size, Buffer.alloc(size * MB, 'large ')]),
)

const replyOf = (megabytes: number, modern: boolean, wire: Reply['wire']): Reply => {
  const filling = FILLING[megabytes] ?? Buffer.alloc(0)
  return {
    message: (id) => Buffer.concat([Buffer.from(head(id, modern)), filling, Buffer.from(tail)]),
    ...(wire && { wire }),
  }
}

const DEPTH = 5_000_000
const deep = (modern: boolean): Reply => ({
  message: (id) => Buffer.from(`${head(id, modern)}"}],"x":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}}`),
})

function repliesOf(era: Era): Map<string, Reply> {
  const modern = era === 'modern'
  return new Map([
    ['tools/call deep', deep(modern)] as const,
    ...SIZES.flatMap((size) => [
      [`tools/call json_${size}`, replyOf(size, modern, JSON_WIRE)] as const,
      [`tools/call sse_${size}`, replyOf(size, modern, SSE_WIRE)] as const,
    ]),
  ])
}

let cells: Cells
beforeAll(async () => {
  cells = await startCells(repliesOf)
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

const rss = (): number =>
  cells.gateway.processes().reduce((sum, each) => (each.isPostgres ? sum : sum + each.rssBytes), 0)

/** Opens a call as a modern client and hands out the answer before its first byte is read. */
function open(era: 'legacy' | 'modern', tool: string): Promise<IncomingMessage> {
  const meta =
    '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":{},${meta}}}`
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': tool,
      authorization: `Bearer ${cells.gateway.token}`,
      'content-length': body.length,
    }
    const url = `${cells.gateway.url}/gateways/${cells.ids[era]}/mcp`
    request(url, { method: 'POST', headers }, resolve).on('error', reject).end(body)
  })
}

async function read(answer: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of answer) bytes += (chunk as Buffer).length
  return bytes
}

/** The most that the gateway's processes grew while `work` went on. */
async function growthDuring(work: Promise<unknown>, before: number): Promise<number> {
  let most = 0
  const sampling = setInterval(() => (most = Math.max(most, rss() - before)), 20)
  try {
    await work
  } finally {
    clearInterval(sampling)
  }
  return most
}

describe.each(['legacy', 'modern'] as const)('%s upstream', (era) => {
  test.each(SIZES.flatMap((size) => [`json_${size}`, `sse_${size}`]))('%s', { timeout: 60_000 }, async (tool) => {
    const size = Number(tool.split('_')[1]) * MB
    // A first pass of each kind settles the heap's size; what a call holds would show in the second as well.
    await read(await open(era, tool))
    const before = rss()
    const bytes = open(era, tool).then(read)
    const growth = await growthDuring(bytes, before)
    expect(await bytes).toBeGreaterThan(size)
    expect(growth).toBeLessThan(HELD + SLACK)
  })

  test('five million levels deep: passed on or refused, without what it would cost to build', async () => {
    await read(await open(era, 'json_5'))
    const before = rss()
    const answer = open(era, 'deep').then((message) => read(message).catch(() => 0))
    expect(await growthDuring(answer, before)).toBeLessThan(HELD + SLACK)
    expect(await read(await open(era, 'json_5'))).toBeGreaterThan(5 * MB)
  })

  test('eight clients that do not read hold no more than their share', { timeout: 60_000 }, async () => {
    await read(await open(era, 'json_100'))
    const before = rss()
    const answers = await Promise.all(Array.from({ length: 8 }, () => open(era, 'json_100')))
    const growth = await growthDuring(sleep(1500), before)
    for (const answer of answers) answer.destroy()
    expect(growth).toBeLessThan(8 * HELD + SLACK)
  })
})
