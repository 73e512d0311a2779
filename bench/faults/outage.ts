import { setTimeout as sleep } from 'node:timers/promises'
import { until, type FaultSite } from '../../test/faults/site.ts'
import { write, type Write } from '../../test/faults/writes.ts'
import type { RunningGateway } from '../../test/support/gateway.ts'
import type { Finding } from './fault.ts'
import { bounded, exactly, least, none, says, within } from './findings.ts'
import { RECOVERED_MS, underLoad, type Disturbed } from './under-load.ts'

/** The database taken away for a while, in one way or another, and given back. */
export interface Outage {
  readonly name: string
  readonly begin: () => Promise<void> | void
  readonly end: () => Promise<void> | void
  /** What /ready says of it. */
  readonly reason: { readonly must: string; readonly form: RegExp }
  /** Some writes still find room: those are done, or answered with what was done before. */
  readonly partial?: boolean
}

/** Longer than the silence after which /ready tells. */
const OUTAGE_MS = 3_500

export async function readiness(url: string): Promise<{ status: number; word: string; reasons: string }> {
  const response = await fetch(`${url}/ready`)
  const { status, reasons } = (await response.json()) as { status: string; reasons?: readonly string[] }
  return { status: response.status, word: `${response.status} ${status}`, reasons: reasons?.join('; ') ?? '' }
}

/** Things that exist, for writes to change. */
interface Victims {
  readonly server: string
  readonly token: string
  readonly gateway: string
}

/** With permissions it is narrowed to those, and so another principal than the administrator. */
export async function makeToken(
  gateway: RunningGateway,
  name: string,
  permissions?: readonly string[],
): Promise<{ id: string; text: string }> {
  const asked = { name, ...(permissions !== undefined && { scope: { permissions } }) }
  const { status, body } = await gateway.api('POST', '/v1/tokens', asked)
  if (status !== 201) throw new Error(`no token was made: ${status} ${JSON.stringify(body)}`)
  return { id: (body['token'] as { id: string }).id, text: String(body['access_token']) }
}

async function makeVictims({ gateway, upstream }: FaultSite): Promise<Victims> {
  const name = `victim ${Math.random()}`
  const { id: token } = await makeToken(gateway, name)
  const { id: server } = (await gateway.api('POST', '/v1/servers', { name })).body
  const { id } = await gateway.register(name, upstream.at('modern', encodeURIComponent(name)))
  return { server, token, gateway: id }
}

/** On a connection of its own, since connections go to the workers in turn. */
async function listStatus(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  })
  await response.arrayBuffer()
  return response.status
}

/** What a list with this token is answered, several times. */
export const onBothWorkers = (url: string, token: string): Promise<number[]> =>
  Promise.all(Array.from({ length: 4 }, () => listStatus(url, token)))

/** A token that was good, and that every worker knows is none any more. */
export async function revokedToken(gateway: RunningGateway): Promise<string> {
  const { id, text } = await makeToken(gateway, `revoked ${Math.random()}`)
  await gateway.api('DELETE', `/v1/tokens/${id}`)
  const known = async () => (await onBothWorkers(gateway.url, text)).every((status) => status === 401)
  await until('every worker refuses the revoked token', known, 3_000)
  return text
}

interface During {
  readonly writes: readonly Write[]
  /** What was answered to the revoked token. */
  readonly statuses: readonly number[]
}

/** All kinds of writes at once, several times while the database is away. */
async function askDuring(site: FaultSite, revoked: string, { server, token, gateway }: Victims): Promise<During> {
  const writes: Write[] = []
  const statuses: number[] = []
  for (const end = performance.now() + OUTAGE_MS; performance.now() < end; await sleep(300)) {
    const name = `new-${Math.random()}`
    const asked = onBothWorkers(site.gateway.url, revoked)
    const answers = await Promise.all([
      write(site.gateway, 'POST /v1/gateways', { name, url: site.upstream.at('modern', name) }),
      write(site.gateway, 'POST /v1/tokens', { name }),
      write(site.gateway, 'POST /v1/servers', { name }),
      write(site.gateway, `DELETE /v1/servers/${server}`),
      write(site.gateway, `DELETE /v1/tokens/${token}`),
      write(site.gateway, `PUT /v1/gateways/${gateway}`, { description: 'changed' }),
    ])
    writes.push(...answers)
    statuses.push(...(await asked))
  }
  return { writes, statuses }
}

/** The gateway's log, without the refusals of the revoked token, which are ours. */
async function logged(gateway: RunningGateway): Promise<string[]> {
  const lines = (await gateway.output()).split('\n')
  return lines.filter((line) => line.startsWith('{') && !line.includes('"sign_in.refused"'))
}

/** How long until a write is acknowledged again, and until /ready says that all is well. */
export async function recovery(gateway: RunningGateway): Promise<readonly Finding[]> {
  const taken = async () => (await write(gateway, 'POST /v1/tokens', { name: `after ${Math.random()}` })).status === 201
  const ready = async () => (await readiness(gateway.url)).word === '200 ready'
  const writtenMs = await until('a write is acknowledged', taken, 15_000)
  const readyMs = writtenMs + (await until('ready again', ready, 10_000))
  return [
    within('until a write is acknowledged again', { must: RECOVERED_MS, goal: 1_000 }, writtenMs),
    within('until /ready says ready again', { must: RECOVERED_MS }, readyMs),
  ]
}

/** Takes the database away under load and gives it back. */
export async function outage(site: FaultSite, away: Outage): Promise<readonly Finding[]> {
  const { name, begin, end, reason, partial = false } = away
  const { gateway } = site
  const victims = await makeVictims(site)
  const revoked = await revokedToken(gateway)
  return await underLoad(site, name, async (): Promise<Disturbed> => {
    const before = (await logged(gateway)).length
    const since = Date.now()
    await begin()
    // What was under way may still have got through.
    await sleep(50)
    const { writes, statuses } = await askDuring(site, revoked, victims)
    const { word, reasons } = await readiness(gateway.url)
    const lines = (await logged(gateway)).slice(before)
    await end()
    const recovered = await recovery(gateway)
    const findings = [
      least('writes of other kinds meanwhile', 11, writes.length),
      ...(partial ? [least('of them refused', 1, writes.filter(({ status }) => status === 503).length)] : []),
      exactly('/ready meanwhile', '200 degraded', word),
      says('what it says', reason, reasons),
      none(
        'answers to a revoked token',
        statuses.filter((status) => status !== 401).map((status) => `status ${status}`),
        statuses.length,
      ),
      // An outage is worth a few lines, however long it is.
      bounded({ figure: 'lines in the log', must: 19, goal: 12, unit: '', digits: 0 }, lines.length),
      ...recovered,
    ]
    const refused = partial ? writes.filter(({ status }) => status >= 500) : writes
    return { since, refused, findings }
  })
}
