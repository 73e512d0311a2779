import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultSite, ownPostgres, until } from '../../test/faults/site.ts'
import { startBadServer } from '../../test/fixtures/bad-server.ts'
import type { RunningGateway } from '../../test/support/gateway.ts'
import { messagesOf, openRawClient, type Era, type RawRequest } from '../../test/support/raw-client.ts'
import { NOT_CONNECTED, steadyStream } from '../../test/support/steady-stream.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { exactly, least, none, within } from './findings.ts'

/** What a balancer hears that opens a connection of its own each time. */
function probe({ url }: RunningGateway): Promise<string> {
  return new Promise((resolve) => {
    const asked = get(`${url}/ready`, { agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(String(answer.statusCode)))
    })
    asked.on('error', (cause) => resolve(NOT_CONNECTED.test(cause.message) ? 'refused' : String(cause)))
  })
}

/** What /ready says, each time that it changes, until nobody answers any more. */
async function watch(gateway: RunningGateway, until: AbortSignal): Promise<readonly string[]> {
  const seen: string[] = []
  for (; !until.aborted; await sleep(10)) {
    const status = await probe(gateway)
    if (seen.at(-1) !== status) seen.push(status)
  }
  return seen
}

/** undefined: it was answered with its result. */
async function failure(gateway: RunningGateway, era: Era, call: RawRequest): Promise<string | undefined> {
  using client = await openRawClient({ url: `${gateway.url}/mcp`, era, token: gateway.token })
  try {
    const answer = await client.call(call)
    const last = messagesOf(answer).at(-1)?.toString() ?? ''
    return answer.whole && last.includes('"result"') ? undefined : `${era} ${answer.status} ${last.slice(0, 200)}`
  } catch (error) {
    return `${era} ${String(error)}`
  }
}

const COUNT = 20

/** So many calls at once, in both eras; those of them that were not answered with their result. */
async function failures(gateway: RunningGateway, call: RawRequest): Promise<readonly string[]> {
  const eras: readonly Era[] = ['legacy', 'modern']
  const all = Array.from({ length: COUNT }, (_, n) => failure(gateway, eras[n % 2] ?? 'legacy', call))
  return (await Promise.all(all)).filter((each) => each !== undefined)
}

const callOf = (name: string, ms: number, meta?: string): RawRequest => ({
  method: 'tools/call',
  name,
  members: `"name":"${name}","arguments":{"ms":${ms}}`,
  ...(meta !== undefined && { meta }),
})

async function run(lab: Lab): Promise<readonly Finding[]> {
  // The drain time is 25 s.
  const lastMs = lab.short ? 4_000 : 23_000
  await using stack = new AsyncDisposableStack()
  const postgres = await lab.shared(ownPostgres)
  const dawdling = stack.use(await startBadServer())
  const { gateway, echo } = stack.use(await faultSite(await postgres.database()))
  await gateway.register('dawdling', dawdling.at('dawdle'))
  const stream = stack.use(await steadyStream({ gateway, tool: echo, forgive: NOT_CONNECTED }))
  await until('calls are answered', () => stream.report.calls > 50, 10_000)
  const slow = failures(gateway, callOf('faulty-slow', lastMs))
  const streams = failures(gateway, callOf('dawdling-call', lastMs, '"progressToken":"p"'))
  await until('streams are under way', () => dawdling.calls.open === COUNT, 10_000)
  const over = new AbortController()
  const seen = watch(gateway, over.signal)
  await sleep(200)
  const began = performance.now()
  const code = await gateway.stop('SIGTERM')
  const stoppedMs = performance.now() - began
  over.abort()
  const report = await stream.stop()
  return [
    exactly('what /ready says, one after the other', '200, 503, refused', (await seen).join(', ')),
    none('failed calls and lists of clients that never pause', report.failures, report.calls + report.lists),
    least('their calls and lists answered', 100, report.calls + report.lists),
    none(`calls of ${lastMs / 1000} s that did not get their result`, await slow, COUNT),
    none('streams of events that did not end with a result', await streams, COUNT),
    exactly('exit code', 0, String(code)),
    within('until it has ended', { must: lab.short ? lastMs + 3_000 : 30_000, goal: lastMs + 1_500 }, stoppedMs),
  ]
}

export const toldToStop: Fault = {
  name: 'told to stop',
  what: 'SIGTERM while clients call without a pause, slow calls are under way and streams are open',
  short: true,
  run,
}
