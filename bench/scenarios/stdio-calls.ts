import { join } from 'node:path'
import type { RunningGateway } from '../../test/support/gateway.ts'
import { processTree, type ProcessInfo } from '../../test/support/processes.ts'
import type { Target } from '../load/target.ts'
import { judge, note, type Row } from '../table.ts'
import type { Bench, Scenario } from './scenario.ts'

export const STDIO_SERVER = join(import.meta.dirname, '../../test/fixtures/stdio-server.ts')
const WARM_UP_CALLS = 20_000

/** Processes of the gateway itself: neither PostgreSQL nor the servers that it started. */
export function ownProcesses(gateway: RunningGateway): ProcessInfo[] {
  const isOwn = ({ command, isPostgres }: ProcessInfo): boolean =>
    !isPostgres && /(src\/main\.ts|bin\/causeway\.js) /.test(command)
  return processTree(gateway.pid).filter(isOwn)
}

export async function started(gateway: RunningGateway, name: string, args: readonly string[]): Promise<string> {
  const [command, ...rest] = args
  const made = await gateway.api('POST', '/v1/gateways', { name, transport: 'STDIO', command, args: rest })
  if (made.body['reachable'] !== true) throw new Error(`${name}: ${made.status} ${JSON.stringify(made.body)}`)
  return made.body.id
}

/** Microseconds per call: of all our processes, and what of it the host of stdio servers takes. */
interface Cpu {
  readonly all: number
  readonly host: number
}

/** A call to a server that is started by a command, beside one over HTTP. */
export const stdioCalls: Scenario = async (bench) => {
  const { gateway } = bench
  const { id: http } = await gateway.register('stdio-http', `${bench.upstream}/legacy/mcp`)
  const pipes = await started(gateway, 'stdio-pipes', [process.execPath, STDIO_SERVER])
  for (const id of [http, pipes]) await measure(bench, id, { windowMs: 300, warmUpCalls: WARM_UP_CALLS })
  const rounds: { readonly http: Cpu; readonly pipes: Cpu }[] = []
  for (let round = 0; round < bench.rounds; round++) {
    const first = round % 2 === 0
    const one = await measure(bench, first ? http : pipes, bench)
    const two = await measure(bench, first ? pipes : http, bench)
    const measured = first ? { http: one, pipes: two } : { http: two, pipes: one }
    bench.say(
      `stdio, round ${round + 1}: HTTP ${measured.http.all.toFixed(1)} µs, stdio ${measured.pipes.all.toFixed(1)} µs`,
    )
    rounds.push(measured)
  }
  return rowsOf(rounds)
}

async function measure(
  { gateway, load }: Bench,
  id: string,
  { windowMs, warmUpCalls = 0 }: { readonly windowMs: number; readonly warmUpCalls?: number },
): Promise<Cpu> {
  const target: Target = {
    era: 'legacy',
    method: 'tools/call',
    tool: 'echo',
    arguments: { text: 'hello' },
    url: `${gateway.url}/gateways/${id}/mcp`,
    token: gateway.token,
  }
  // Watched from outside of the load's own window, so both begin and end at rest.
  await load.run({ target, concurrency: 16, warmUpMs: 200, warmUpCalls, windowMs: 100 })
  const before = cpuOf(gateway)
  const { calls, failures } = await load.run({ target, concurrency: 16, warmUpMs: 0, windowMs })
  if (failures > 0) throw new Error(`${failures} calls failed`)
  const after = cpuOf(gateway)
  const perCall = (ms: number): number => (ms * 1000) / calls
  return { all: perCall(after.all - before.all), host: perCall(after.host - before.host) }
}

function cpuOf(gateway: RunningGateway): Cpu {
  const own = ownProcesses(gateway)
  const sum = (of: readonly ProcessInfo[]): number => of.reduce((total, { cpuMs }) => total + cpuMs, 0)
  return { all: sum(own), host: sum(own.filter(({ command }) => command.includes('stdio-host'))) }
}

function rowsOf(rounds: readonly { readonly http: Cpu; readonly pipes: Cpu }[]): Row[] {
  const share = rounds.map(({ http, pipes }) => (100 * pipes.all) / http.all)
  const micros = (figure: string, of: (round: (typeof rounds)[number]) => number): Row =>
    note(figure, ' µs', rounds.map(of), 1)
  const bound = { must: 150, goal: 125, unit: ' %' }
  return [
    judge({ figure: 'stdio call: CPU of all our processes, % of an HTTP call', ...bound }, share),
    micros('stdio call: CPU of supervisor, worker and host', ({ pipes }) => pipes.all),
    micros('stdio call: of it the host', ({ pipes }) => pipes.host),
    micros('HTTP call: CPU of supervisor and worker', ({ http }) => http.all),
  ]
}
