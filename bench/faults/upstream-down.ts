import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../test/faults/site.ts'
import { freePort } from '../../test/support/child-server.ts'
import { startProgram } from '../program.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, none, noted, within } from './findings.ts'
import { asked, toolId, type Answered } from './heard.ts'
import { neighbours, type Neighbours } from './neighbours.ts'

/** How many failures one after the other it takes, and how long nobody is let through the first time and at most. */
const TO_OPEN = 5
const FIRST_OPEN_MS = 1_000
const LONGEST_OPEN_MS = 15_000
const AT_ONCE = 20

interface Down {
  readonly site: Neighbours
  readonly id: string
  readonly tool: string
}

const call = ({ site, tool }: Down): Promise<Answered> => asked(site, `/v1/tools/${tool}/call`, { arguments: {} })
const isRefusal = ({ code }: Answered): boolean => code === 'upstream_busy'

/** Calls one after the other until the first that is refused without being sent. */
async function untilOpen(down: Down): Promise<readonly Answered[]> {
  const heard: Answered[] = []
  while (heard.length < 10 * TO_OPEN) {
    const answer = await call(down)
    if (isRefusal(answer)) return heard
    heard.push(answer)
  }
  return heard
}

/** What is answered while nobody is let through. */
async function whileOpen(down: Down): Promise<readonly Answered[]> {
  const heard: Answered[] = []
  for (const end = performance.now() + FIRST_OPEN_MS - 300; performance.now() < end;) heard.push(await call(down))
  return heard
}

/** The names that a list of its tools has, and whether REST shows them as ones that can be reached. */
async function listed({ site, id }: Down): Promise<string> {
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const { status, body } = await site.gateway.api('POST', `/gateways/${id}/mcp`, list)
  const tools = (body['result'] as { tools: readonly { name: string }[] } | undefined)?.tools
  return `${status} ${tools?.map(({ name }) => name).join(', ')}`
}

async function reachable({ site, tool }: Down): Promise<boolean> {
  return (await site.gateway.api('GET', `/v1/tools/${tool}`)).body['reachable'] === true
}

const inTime = (what: string, isSo: () => Promise<boolean>, ms: number): Promise<number> =>
  until(what, isSo, ms).catch(() => Number.NaN)

async function run(lab: Lab): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  const PORT = String(await freePort())
  const name = `down-${PORT}`
  const path = `/legacy/${name}`
  const first = await startProgram('upstream.ts', { PORT })
  const { id } = await site.gateway.register(name, first.url + path)
  const down = { site, id, tool: await toolId(site, `${name}-echo`) }
  const before = await listed(down)
  await first[Symbol.asyncDispose]()

  const failed = await untilOpen(down)
  const refused = await whileOpen(down)
  const unreachableMs = inTime('its tools are marked', async () => !(await reachable(down)), 30_000)
  await sleep(FIRST_OPEN_MS)
  const together = await Promise.all(Array.from({ length: AT_ONCE }, () => call(down)))
  const probes = together.filter((each) => !isRefusal(each))
  const meanwhile = await listed(down)
  const markedMs = await unreachableMs

  await using _again = await startProgram('upstream.ts', { PORT })
  const passMs = await inTime('a call passes', async () => (await call(down)).status === 200, 2 * LONGEST_OPEN_MS)
  const backMs = await inTime('its tools are marked again', () => reachable(down), 30_000)
  const waits = refused.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return [
    bounded(
      { figure: 'calls that failed before the circuit opened', must: TO_OPEN, goal: TO_OPEN, unit: '', digits: 0 },
      failed.length,
    ),
    none('of them without a clear error', failed.filter(({ code }) => code !== 'upstream_unreachable').map(shown)),
    least('calls refused while it was open', 20, refused.length),
    none(
      'answers meanwhile that are no refusal with Retry-After',
      refused.filter((each) => !isRefusal(each) || !each.retryAfter).map(shown),
      refused.length,
    ),
    within('refusals, p99', { must: 10 }, waits[Math.floor(waits.length * 0.99)] ?? Number.NaN),
    exactly(`of ${AT_ONCE} calls at once thereafter, let through to find out`, 1, probes.length),
    exactly('a list of its tools meanwhile', before, meanwhile),
    within('until its tools are marked unreachable', { must: 10_000, goal: 5_000 }, markedMs),
    within('once it is back, until a call passes', { must: LONGEST_OPEN_MS + 1_000, goal: 5_000 }, passMs),
    within('then until its tools are marked reachable', { must: 10_000, goal: 5_000 }, backMs),
    noted('slowest refusal', `${waits.at(-1)?.toFixed(1)} ms`),
  ]
}

const shown = ({ status, code, ms }: Answered): string => `${status} ${code} after ${ms.toFixed(0)} ms`

export const upstreamDown: Fault = {
  name: 'upstream down',
  what: 'a server ends and is started again on its port a while later',
  short: true,
  run,
}
