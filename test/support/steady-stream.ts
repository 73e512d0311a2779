import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningGateway } from './gateway.ts'
import { messagesOf, openRawClient, type Era, type RawClient, type RawRequest } from './raw-client.ts'

export interface StreamReport {
  /** tools/call requests that were answered with their result. */
  readonly calls: number
  readonly lists: number
  /** What was answered with anything else, or not at all. */
  readonly failures: readonly string[]
  /** Failures that are forgiven. */
  readonly forgiven: number
  readonly slowestMs: number
}

/** Clients that never pause for long: each calls a tool or lists the tools, one request after the other. */
export interface SteadyStream extends AsyncDisposable {
  /** So far. */
  readonly report: StreamReport
  /** Ends it after the requests under way. */
  stop(): Promise<StreamReport>
}

export interface StreamOptions {
  readonly gateway: Pick<RunningGateway, 'url' | 'token'>
  /** A tool that says its text, by the name that /mcp gives it. */
  readonly tool: string
  readonly eras?: readonly Era[]
  /** Clients of each era that call, and as many that list; connections go to the workers in turn. */
  readonly clients?: number
  /** What is not a failure: where a process is killed, what it had in hand is lost. */
  readonly forgive?: RegExp
}

/** At a port that closes: refused, or reset by the system before anybody had accepted it. Nothing was sent. */
export const NOT_CONNECTED = /connect ECONN(REFUSED|RESET)/

const PAUSE_MS = 10

/** Opens the clients and lets them run. */
export async function steadyStream(options: StreamOptions): Promise<SteadyStream> {
  const { gateway, eras = ['legacy', 'modern'], clients = 2, forgive } = options
  const opened = await Promise.all(
    eras.flatMap((era) =>
      Array.from({ length: 2 * clients }, () =>
        openRawClient({ url: `${gateway.url}/mcp`, era, token: gateway.token }),
      ),
    ),
  )
  const report = { calls: 0, lists: 0, failures: [] as string[], forgiven: 0, slowestMs: 0 }
  let stopped = false

  async function run(client: RawClient, lists: boolean): Promise<void> {
    for (let n = 1; !stopped; n++) {
      const began = performance.now()
      const failure = lists ? await list(client, n) : await call(client, options.tool, n)
      report.slowestMs = Math.max(report.slowestMs, performance.now() - began)
      if (failure === undefined) report[lists ? 'lists' : 'calls'] += 1
      else if (forgive?.test(failure) === true) report.forgiven += 1
      else report.failures.push(`${client.era} ${failure}`)
      await sleep(PAUSE_MS)
    }
  }
  const running = Promise.all(opened.map((client, n) => run(client, n % 2 === 1)))
  async function stop(): Promise<StreamReport> {
    stopped = true
    await running
    for (const client of opened) client[Symbol.dispose]()
    return report
  }
  return { report, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

function call(client: RawClient, tool: string, n: number): Promise<string | undefined> {
  const members = `"name":"${tool}","arguments":{"text":"said ${n}"}`
  return ask(client, { method: 'tools/call', id: String(n), name: tool, members }, `said ${n}`)
}

function list(client: RawClient, n: number): Promise<string | undefined> {
  return ask(client, { method: 'tools/list', id: String(n) }, '"inputSchema"')
}

/** undefined: answered, and with what was wanted. */
async function ask(client: RawClient, request: RawRequest, wanted: string): Promise<string | undefined> {
  try {
    const answer = await client.call(request)
    const last = messagesOf(answer).at(-1)?.toString() ?? ''
    if (answer.status === 200 && answer.whole && last.includes('"result"') && last.includes(wanted)) return undefined
    return `${answer.whole ? '' : 'cut '}${request.method}: ${answer.status} ${last.slice(0, 300)}`
  } catch (error) {
    return `cut ${request.method}: ${String(error)}`
  }
}
