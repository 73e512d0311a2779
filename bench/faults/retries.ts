import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, until } from '../../test/faults/site.ts'
import { freePort } from '../../test/support/child-server.ts'
import { startProgram, type Program } from '../program.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, least, none, noted } from './findings.ts'
import { neighbours, type Neighbours } from './neighbours.ts'

const CLIENTS = 12
const PAUSE_MS = 10
/** Who is refused because the server is left alone comes back after a while, as it was told to. */
const COMES_BACK_MS = 100
/** Calls that were sent: without as many nothing has been shown. */
const LEAST = 150
/** The server is killed so often, and away for so long. */
const KILLS = 2
const AWAY_MS = 250
/** So many calls must have been answered since it came up before it goes again: how soon that is depends on the machine. */
const ANSWERED = 60
const ANSWERED_WITHIN_MS = 30_000

/** One call as its caller saw it. */
interface Made {
  readonly text: string
  readonly requestId: string
  readonly ok: boolean
  /** It was not sent: the circuit was open. */
  readonly isRefusal: boolean
}

const LEFT_ALONE = -32016

async function made({ gateway }: Neighbours, tool: string, text: string): Promise<Made> {
  const response = await fetch(`${gateway.url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: { text } } }),
  })
  const answer = (await response.json()) as {
    result?: { content: readonly { text: string }[] }
    error?: { code: number }
  }
  const ok = answer.result?.content[0]?.text === text
  const isRefusal = answer.error?.code === LEFT_ALONE
  return { text, requestId: response.headers.get('x-request-id') ?? '', ok, isRefusal }
}

/** Calls without an end, so many at a time, until it is over. */
class Calling {
  readonly calls: Made[] = []
  readonly #over = new AbortController()
  readonly #clients: readonly Promise<void>[]

  constructor(site: Neighbours, tool: string) {
    let n = 0
    const client = async (): Promise<void> => {
      while (!this.#over.signal.aborted) {
        const call = await made(site, tool, `call ${n++}`)
        this.calls.push(call)
        await sleep(call.isRefusal ? COMES_BACK_MS : PAUSE_MS)
      }
    }
    this.#clients = Array.from({ length: CLIENTS }, client)
  }

  /** Resolves when enough of them went well from now on. */
  async enough(): Promise<void> {
    const first = this.calls.length
    const answered = () => this.calls.slice(first).filter(({ ok }) => ok).length >= ANSWERED
    await until(`${ANSWERED} calls are answered`, answered, ANSWERED_WITHIN_MS)
  }

  async end(): Promise<readonly Made[]> {
    this.#over.abort()
    await Promise.all(this.#clients)
    return this.calls
  }
}

interface Recorded extends Record<string, unknown> {
  readonly request_id: string
  readonly attempts: number
  readonly may_have_run: boolean
}

async function recordsOf(databaseUrl: string, gatewayId: string, calls: number): Promise<readonly Recorded[]> {
  const query = `SELECT request_id, attempts, may_have_run FROM usage_records WHERE gateway_id = '${gatewayId}'`
  const read = () => sql<Recorded>(databaseUrl, query)
  await until('all calls are recorded', async () => (await read()).length >= calls, 10_000)
  return await read()
}

function findingsOf(calls: readonly Made[], records: readonly Recorded[], ran: readonly string[]): readonly Finding[] {
  const times = new Map<string, number>()
  for (const text of ran) times.set(text, (times.get(text) ?? 0) + 1)
  const twice = [...times].filter(([, count]) => count > 1).map(([text, count]) => `${text}: ${count} times`)
  const mayHave = new Map(records.map((each) => [each.request_id, each.may_have_run]))
  const denied = calls.filter(({ text, requestId }) => times.has(text) && mayHave.get(requestId) !== true)
  const sent = records.filter((each) => each.attempts > 0)
  const attempts = sent.reduce((sum, each) => sum + each.attempts, 0)
  const failed = calls.filter(({ ok }) => !ok)
  return [
    none('calls that ran twice', twice, ran.length),
    none(
      'answered calls that did not run',
      calls.filter(({ ok, text }) => ok && !times.has(text)).map(({ text }) => text),
    ),
    bounded(
      { figure: 'attempts per call that was sent', must: 1.2, goal: 1.1, unit: '', digits: 3 },
      attempts / sent.length,
    ),
    least('attempts that were second ones', 1, records.filter((each) => each.attempts > 1).length),
    none(
      'calls that ran although their record says that they cannot have',
      denied.map(({ text }) => text),
      ran.length,
    ),
    least('calls that were sent', LEAST, sent.length),
    least('calls that were sent and failed', LEAST / 5, failed.filter(({ isRefusal }) => !isRefusal).length),
    noted(
      'calls answered, failed, and failed ones that had run',
      `${calls.length - failed.length}, ${failed.length}, ${failed.filter(({ text }) => times.has(text)).length}`,
    ),
  ]
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  const folder = await mkdtemp(join(tmpdir(), 'cw-once-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const LEDGER = join(folder, 'ledger')
  await writeFile(LEDGER, '')
  const env = { PORT: String(await freePort()), LEDGER }
  const start = (): Promise<Program> => startProgram('../test/fixtures/once-server.ts', env)
  let server = await start()
  stack.defer(() => server[Symbol.asyncDispose]())
  const name = `once-${env.PORT}`
  const { id } = await site.gateway.register(name, `${server.url}/mcp`)
  const calling = new Calling(site, `${name}-run`)
  stack.defer(async () => void (await calling.end()))
  for (let n = 0; n < KILLS; n++) {
    await calling.enough()
    process.kill(server.pid, 'SIGKILL')
    await server[Symbol.asyncDispose]()
    await sleep(AWAY_MS)
    server = await start()
  }
  await calling.enough()
  const calls = await calling.end()
  const ran = (await readFile(LEDGER, 'utf8')).split('\n').filter((line) => line !== '')
  return findingsOf(calls, await recordsOf(site.databaseUrl, id, calls.length), ran)
}

export const retries: Fault = {
  name: 'retries',
  what: 'a server that fails before, while and after it runs a call, and is killed twice under load',
  short: true,
  run,
}
