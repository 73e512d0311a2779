import { Agent, request, type ClientRequest } from 'node:http'
import { once } from 'node:events'

export interface CrossTalkOptions {
  readonly url: string
  /** One token for each user. */
  readonly tokens: readonly string[]
  /** Names of tools that answer with `text` after `ms`. */
  readonly tools: readonly string[]
  /** Whole answers to wait for. */
  readonly replies: number
  readonly lanes?: number
  /** Of a thousand requests, how many are given up while they are under way. */
  readonly aborts?: number
  readonly progress?: (replies: number) => void
}

export interface CrossTalk {
  readonly replies: number
  readonly aborted: number
  /** Answers that named somebody else's canary, or not their own; the first few in full. */
  readonly foreign: readonly string[]
  /** Answers that were no success. */
  readonly failed: readonly string[]
  readonly seconds: number
}

const DOORS = ['/rpc', '/mcp legacy', '/mcp modern'] as const
const ENVELOPE =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},' +
  '"io.modelcontextprotocol/clientInfo":{"name":"cross","version":"1"}}'
const CANARY = /c-\d+-\d+/g
const KEPT = 5

/**
 * Everybody calls at once with the same JSON-RPC id, over connections that all users share, and some give up while their call is under
 * way. Each call carries a canary that only its own answer may hold.
 */
export async function crossTalk(options: CrossTalkOptions): Promise<CrossTalk> {
  const { replies: wanted, lanes = 96, progress } = options
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const seen = { replies: 0, aborted: 0, foreign: [] as string[], failed: [] as string[] }
  const began = performance.now()
  let made = 0
  const lane = async (): Promise<void> => {
    while (seen.replies < wanted) {
      const outcome = await one(options, agent, made++)
      if (outcome === 'aborted') seen.aborted++
      else judge(outcome, seen)
      if (progress !== undefined && seen.replies % 1_000 === 0) progress(seen.replies)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  agent.destroy()
  return { ...seen, seconds: (performance.now() - began) / 1000 }
}

interface Answered {
  readonly canary: string
  readonly status: number
  readonly text: string
}

interface Seen {
  replies: number
  readonly foreign: string[]
  readonly failed: string[]
}

function judge({ canary, status, text }: Answered, seen: Seen): void {
  seen.replies++
  const named = new Set(text.match(CANARY))
  const isOwn = named.size === 1 && named.has(canary)
  if (status !== 200 || /"error":|"isError":true/.test(text)) keep(seen.failed, `${status} ${text}`)
  if (!isOwn && named.size > 0) keep(seen.foreign, `${canary}: ${text}`)
  else if (!isOwn) keep(seen.failed, `${status} without a canary: ${text}`)
}

function keep(kept: string[], what: string): void {
  if (kept.length < KEPT) kept.push(what.slice(0, 500))
}

async function one(
  { url, tokens, tools, aborts = 30 }: CrossTalkOptions,
  agent: Agent,
  n: number,
): Promise<Answered | 'aborted'> {
  const user = Math.floor(Math.random() * tokens.length)
  const tool = tools[n % tools.length] ?? ''
  const door = DOORS[n % DOORS.length] ?? DOORS[0]
  const canary = `c-${user}-${n}`
  const [path = '', era] = door.split(' ')
  const given = `"name":${JSON.stringify(tool)},"arguments":{"text":"${canary}","ms":${Math.floor(Math.random() * 15)}}`
  const params = era === 'modern' ? `${given},${ENVELOPE}` : given
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params}}}`
  const headers = {
    authorization: `Bearer ${tokens[user] ?? ''}`,
    'content-type': 'application/json',
    'content-length': body.length,
    accept: 'application/json, text/event-stream',
    ...(era === 'legacy' && { 'mcp-protocol-version': '2025-11-25' }),
    ...(era === 'modern' && { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool }),
  }
  const sent = request(url + path, { agent, method: 'POST', headers })
  sent.end(body)
  const givesUp = Math.random() * 1000 < aborts
  const timer = givesUp ? setTimeout(() => sent.destroy(), Math.random() * 12) : undefined
  try {
    return { canary, ...(await answerOf(sent)) }
  } catch (error) {
    if (sent.destroyed && givesUp) return 'aborted'
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function answerOf(sent: ClientRequest): Promise<{ readonly status: number; readonly text: string }> {
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { readonly statusCode?: number }]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}
