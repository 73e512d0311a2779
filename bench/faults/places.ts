import { ownPostgres, until } from '../../test/faults/site.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { Line, type Heard } from '../load/line.ts'
import { Offering } from '../load/offering.ts'
import { openSession, requestBytes, type Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import type { Fault, Finding } from './fault.ts'
import { exactly, none, noted, says, within } from './findings.ts'

/** Servers that hang one after the other, and how many of a principal's 1,000 places each may take: twice what it leaves free. */
const HANGING = { hangs: 666, 'hangs-too': 222 }
const CALLS = 1_000
/** They are still at it when all has been looked at. */
const CALL_TIMEOUT = '60s'
const GOOD = { ms: 20, perSecond: 150, windowMs: 1_000 }

interface Hanging extends Disposable {
  readonly heard: readonly Heard[]
}

/** Calls that nobody answers, on a connection each. */
async function hang(target: Target): Promise<Hanging> {
  const { bytes } = requestBytes(target, await openSession(target))
  const heard: Heard[] = []
  const lines = Array.from({ length: CALLS }, () => {
    const line = new Line(new URL(target.url), () => {})
    line.send(bytes, (each) => heard.push(each))
    return line
  })
  return {
    heard,
    [Symbol.dispose]() {
      for (const line of lines) line.cut()
    },
  }
}

interface Refusal {
  readonly head: string
  readonly text: string
  readonly ms: number
}

/** A call over REST that is refused. */
async function refused(gateway: RunningGateway, tool: string): Promise<Refusal> {
  const { body } = await gateway.api('GET', `/v1/tools?search=${tool}`)
  const id = (body as unknown as readonly { readonly id: string }[])[0]?.id ?? 'nowhere'
  const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
  const began = performance.now()
  const response = await fetch(`${gateway.url}/v1/tools/${id}/call`, { method: 'POST', headers, body: '{}' })
  const text = await response.text()
  const head = `${response.status}, Retry-After ${response.headers.get('retry-after')}`
  return { head, text, ms: performance.now() - began }
}

async function run(): Promise<readonly Finding[]> {
  await using postgres = await ownPostgres()
  await using goodServer = await startProgram('upstream.ts')
  await using badServer = await startProgram('../test/fixtures/bad-server.ts')
  const env = { DATABASE_URL: await postgres.database(), CAUSEWAY_CALL_TIMEOUT: CALL_TIMEOUT }
  await using gateway = await startGateway({ env })
  const { id: good } = await gateway.register('good', `${goodServer.url}/legacy/good`)
  const call = { era: 'legacy', method: 'tools/call', token: gateway.token } as const
  const at = (id: string): string => `${gateway.url}/gateways/${id}/mcp`
  using offering = new Offering()
  const stream = { target: { ...call, url: at(good), tool: 'slow', arguments: { ms: GOOD.ms } } }
  const measure = async () => {
    const streams = { good: { ...stream, perSecond: GOOD.perSecond } }
    return (await offering.run({ streams, warmUpMs: 200, windowMs: GOOD.windowMs }))['good']?.outcomes ?? {}
  }
  const open = async (): Promise<number> =>
    ((await (await fetch(`${badServer.url}/calls`)).json()) as { readonly open: number }).open
  using hanging = new DisposableStack()
  const findings: Finding[] = []
  for (const [name, places] of Object.entries(HANGING)) {
    const { id } = await gateway.register(name, `${badServer.url}/legacy/hang/${name}`)
    const before = await open()
    const { heard } = hanging.use(await hang({ ...call, url: at(id), tool: 'call', arguments: {} }))
    const all = async (): Promise<boolean> => heard.length + (await open()) - before === CALLS
    await until('all calls hang or are refused', all, 20_000)
    const refusal = await refused(gateway, `${name}-call`)
    const outcomes = await measure()
    const bad = Object.keys(outcomes).filter((outcome) => outcome !== 'ok')
    findings.push(
      exactly(`${name}: of ${CALLS} calls, at the server`, places, (await open()) - before),
      exactly(`${name}: the others`, '429 and Retry-After', waysOf(heard)),
      exactly(`${name}: what a caller hears over REST`, '429, Retry-After 1', refusal.head),
      says(
        `${name}: and why`,
        { must: 'names it', form: new RegExp(`the server '${name}' hold ${places} `) },
        refusal.text,
      ),
      within(`${name}: after`, { must: 100, goal: 10 }, refusal.ms),
      none('calls of the same principal to another server that failed', bad, outcomes['ok']?.count ?? 0),
      noted('p99 of these', `${(outcomes['ok']?.p99 ?? Number.NaN).toFixed(1)} ms`),
    )
  }
  return findings
}

function waysOf(heard: readonly Heard[]): string {
  const ways = new Set(heard.map(({ status, retryAfter }) => `${status}${retryAfter ? ' and Retry-After' : ''}`))
  return [...ways].join(', ')
}

/** A server that hangs is called more often than its callers have places, and they call another one as well. */
export const places: Fault = {
  name: 'upstream: fills the places of its callers',
  what: 'more calls of one principal than it has places to a server that hangs, to a second one, and to a good one',
  short: true,
  run,
}
