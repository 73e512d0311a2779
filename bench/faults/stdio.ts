import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownPostgres, until } from '../../test/faults/site.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { membersOf } from '../../test/support/stdio-host.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, none, noted, says, within } from './findings.ts'

const FIXTURE = join(import.meta.dirname, '../../test/fixtures/stdio-server.ts')
const MB = 1 << 20

interface Site {
  readonly gateway: RunningGateway
  /** The host's and its servers' parent. */
  readonly host: () => number
}

async function started({ gateway }: Site, name: string, args: readonly string[] = []): Promise<string> {
  const body = { name, transport: 'STDIO', command: process.execPath, args: [FIXTURE, ...args] }
  const { status, body: made } = await gateway.api('POST', '/v1/gateways', body)
  if (status >= 300) throw new Error(`${name}: ${status} ${JSON.stringify(made)}`)
  return made.id
}

/** What a call was answered: its text, or what went wrong. */
async function call({ gateway }: Site, id: string, tool: string, args: object = {}): Promise<string> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }
  const { body: answer } = await gateway.api('POST', `/gateways/${id}/mcp`, body)
  const { result, error } = answer as { result?: { content: readonly { text: string }[] }; error?: { message: string } }
  return result?.content[0]?.text ?? `error: ${error?.message}`
}

const pidOf = async (site: Site, id: string): Promise<number> =>
  (JSON.parse(await call(site, id, 'pid')) as { pid: number }).pid

/** Processes of the gateway that have ended and that nobody has looked after. */
function zombies({ gateway }: Site): string[] {
  const own = new Set(gateway.processes().map(({ pid }) => pid))
  return readdirSync('/proc').filter((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state === 'Z' && own.has(Number(parent))
    } catch {
      return false
    }
  })
}

const rssOf = ({ gateway, host }: Site): number =>
  (gateway.processes().find(({ pid }) => pid === host())?.rssBytes ?? Number.NaN) / MB

/** Calls without which nothing has been shown: those that find it starting wait for it. */
const LEAST = 20

/** A server that ends whenever it is started, called without a pause; how often it was started. */
async function keepsEnding(site: Site, ms: number): Promise<readonly Finding[]> {
  const file = join(site.gateway.dataDir, 'end')
  const id = await started(site, 'ending', [`--exit-when=${file}`])
  await writeFile(file, '')
  await call(site, id, 'crash')
  const heard: string[] = []
  for (const end = performance.now() + ms; performance.now() < end || heard.length < LEAST; await sleep(10))
    heard.push(await call(site, id, 'echo'))
  const { body } = await site.gateway.api('GET', `/v1/gateways/${id}/logs?tail=1000`)
  const starts = (body as unknown as { text: string }[]).filter(({ text }) => text.includes('no configuration found'))
  return [
    least('calls to a server that ends whenever it is started', LEAST, heard.length),
    bounded({ figure: 'for which it was started', must: 12, goal: 8, unit: ' times', digits: 0 }, starts.length),
    says(
      'what they hear',
      { must: 'keeps ending …; it is started again in', form: /keeps ending.*started again in/ },
      heard.at(-1) ?? '',
    ),
  ]
}

/** A server that crashes under its calls. */
async function crashes(site: Site, times: number): Promise<readonly Finding[]> {
  const id = await started(site, 'crashing')
  const wrong: string[] = []
  for (let n = 0; n < times; n++) {
    const [crashed] = await Promise.all([call(site, id, 'crash'), call(site, id, 'never')])
    if (!crashed.includes('process ended')) wrong.push(crashed)
    const again = async (): Promise<boolean> => (await call(site, id, 'echo', { text: 'again' })) === 'again'
    await until('it answers again', again, 20_000).catch((error: unknown) => wrong.push(String(error)))
  }
  return [none('crashes without a clear error, or without an answer afterwards', wrong, times)]
}

/** A server that writes to stderr as fast as it can. */
async function floods(site: Site, bytes: number): Promise<readonly Finding[]> {
  const [id, calm] = [await started(site, 'flooding'), await started(site, 'calm')]
  await Promise.all([call(site, id, 'echo'), call(site, calm, 'echo')])
  const before = rssOf(site)
  let most = before
  let slowest = 0
  let over = false
  const wrong: string[] = []
  const beside = async (): Promise<void> => {
    for (; !over; await sleep(5)) {
      const began = performance.now()
      const text = await call(site, calm, 'echo', { text: 'beat' })
      if (text !== 'beat') wrong.push(text)
      slowest = Math.max(slowest, performance.now() - began)
      most = Math.max(most, rssOf(site))
    }
  }
  const beating = beside()
  const shouted = await call(site, id, 'shout', { n: bytes })
  over = true
  await beating
  return [
    exactly(`after ${bytes / 1e6} MB on stderr it answers`, 'shouted', shouted),
    none('calls to another server meanwhile that failed', wrong),
    within('slowest of those', { must: 1_000, goal: 250 }, slowest),
    bounded({ figure: 'memory of the host meanwhile, over before', must: 64, goal: 32, unit: ' MB' }, most - before),
  ]
}

/** A server that has started others, and that hears no request to end. */
async function ignores(site: Site): Promise<readonly Finding[]> {
  const id = await started(site, 'stubborn', ['--fork', '--ignore-term', '--ignore-end'])
  const group = await pidOf(site, id)
  const members = membersOf(group).length
  const began = performance.now()
  const { status } = await site.gateway.api('DELETE', `/v1/gateways/${id}`)
  await until('the group is gone', () => membersOf(group).length === 0, 15_000).catch(() => undefined)
  const ms = membersOf(group).length === 0 ? performance.now() - began : Number.NaN
  return [
    least('processes of one that forks and hears no SIGTERM', 2, members),
    exactly('its gateway is deleted', 200, status),
    within('then all of them are gone', { must: 5_000 }, ms),
  ]
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack()
  const postgres = await lab.shared(ownPostgres)
  const gateway = stack.use(await startGateway({ env: { DATABASE_URL: await postgres.database() } }))
  const host = (): number => gateway.processes().find(({ command }) => command.includes('run-as-stdio-host'))?.pid ?? 0
  const site = { gateway, host }
  // These mostly wait; the flood is measured, at a host that has run for a while.
  const [crashed, ended, ignored] = await Promise.all([
    crashes(site, lab.short ? 3 : 5),
    keepsEnding(site, lab.short ? 2_500 : 10_000),
    ignores(site),
  ])
  const flooded = await floods(site, lab.short ? 50e6 : 500e6)
  const findings = [...crashed, ...flooded, ...ended, ...ignored]
  await sleep(500)
  const left = gateway.processes().filter(({ command }) => command.includes('stdio-server'))
  return [...findings, none('zombies', zombies(site)), noted('servers that still run', `${left.length}`)]
}

export const stdioServers: Fault = {
  name: 'stdio servers',
  what: 'servers started by a command that crash, flood stderr, keep ending, fork and ignore SIGTERM',
  short: true,
  run,
}
