import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { processTree } from '../../test/support/processes.ts'
import { judge, note, type Row } from '../table.ts'
import type { Bench, Scenario } from './scenario.ts'
import { ownProcesses, started, STDIO_SERVER } from './stdio-calls.ts'

const IDLE_SERVER = join(import.meta.dirname, '../stdio-idle.sh')
const MB = 1_000_000

/** Servers that are started by a command: fifty that idle, and what is left after calls given up and crashes. */
export const stdio: Scenario = async (bench) => [...(await idleRows(bench)), ...(await leftoverRows(bench))]

// ── fifty that idle ──

const IDLE_SERVERS = 50
/** Long enough for a process to see that it is idle (lib/forget-start.ts). */
const IDLE_MS = 9000

async function idleRows(bench: Bench): Promise<Row[]> {
  const grown: { readonly rss: number; readonly pss: number }[] = []
  for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
    const database = await bench.postgres.another(`stdio_idle_${round}`)
    await using gateway = await startGateway({ env: { DATABASE_URL: database } })
    await sleep(IDLE_MS)
    const before = memoryOf(gateway)
    for (let n = 0; n < IDLE_SERVERS; n++) await started(gateway, `idle-${n}`, ['sh', IDLE_SERVER])
    await sleep(5000)
    const after = memoryOf(gateway)
    const running = processTree(gateway.pid).filter(({ command }) => command.includes(IDLE_SERVER)).length
    if (running < IDLE_SERVERS) throw new Error(`only ${running} of the servers run`)
    grown.push({ rss: after.rss - before.rss, pss: after.pss - before.pss })
    bench.say(
      `50 idle stdio servers: RSS ${(after.rss - before.rss).toFixed(1)} MB, PSS ${(after.pss - before.pss).toFixed(1)} MB`,
    )
  }
  const bound = { must: 50, goal: 30, unit: ' MB' }
  return [
    judge(
      { figure: '50 idle stdio servers: what our processes grow by (PSS)', ...bound },
      grown.map(({ pss }) => pss),
    ),
    note(
      '50 idle stdio servers: the same as RSS, which counts shared pages again',
      ' MB',
      grown.map(({ rss }) => rss),
      1,
    ),
  ]
}

function memoryOf(gateway: RunningGateway): { readonly rss: number; readonly pss: number } {
  const own = ownProcesses(gateway)
  const pss = own.reduce((sum, { pid }) => sum + pssBytes(pid), 0)
  return { rss: own.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / MB, pss: pss / MB }
}

/** Resident memory with each shared page divided among those who share it. */
function pssBytes(pid: number): number {
  const found = /^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(found?.[1] ?? 0) * 1024
}

// ── what is left ──

const ABORTS = 1000
const CRASHES = 100

async function leftoverRows(bench: Bench): Promise<Row[]> {
  const { gateway } = bench
  const id = await started(gateway, 'stdio-left', [process.execPath, STDIO_SERVER])
  const call = async (name: string, signal?: AbortSignal): Promise<string> => {
    const response = await fetch(`${gateway.url}/gateways/${id}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
      ...(signal && { signal }),
    })
    return await response.text()
  }
  await call('echo')
  await sleep(6000)
  const before = handlesOf(gateway)
  for (let n = 0; n < ABORTS; n += 100) {
    const gone = new AbortController()
    const calls = Array.from({ length: 100 }, () => call('never', gone.signal).catch(() => ''))
    await sleep(150)
    gone.abort()
    await Promise.all(calls)
  }
  for (let n = 0; n < CRASHES;) {
    const said = await call('crash')
    if (said.includes('killed by SIGSEGV')) n++
    else await gateway.api('POST', `/v1/gateways/${id}/tools/refresh`)
  }
  await gateway.api('POST', `/v1/gateways/${id}/tools/refresh`)
  if (!(await call('echo')).includes('result')) throw new Error('it does not answer any more')
  // Idle connections of the worker to the host are kept for a minute.
  await sleep(65_000)
  const after = handlesOf(gateway)
  return [
    judge(
      {
        figure: `file descriptors more after ${ABORTS} calls given up and ${CRASHES} crashes`,
        must: 4,
        goal: 0,
        unit: '',
      },
      [after.descriptors - before.descriptors],
    ),
    judge({ figure: 'processes more after them', must: 0, goal: 0, unit: '' }, [after.processes - before.processes]),
  ]
}

function handlesOf(gateway: RunningGateway): { readonly descriptors: number; readonly processes: number } {
  const own = ownProcesses(gateway)
  const descriptors = own.reduce((sum, { pid }) => sum + readdirSync(`/proc/${pid}/fd`).length, 0)
  return { descriptors, processes: processTree(gateway.pid).length }
}
