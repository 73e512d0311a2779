import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'

/** Bytes, of all processes of a gateway together. */
export interface Memory {
  /** What objects and buffers take after their garbage was collected. */
  readonly kept: number
  /** What the operating system counts. */
  readonly resident: number
}

/** A gateway with one worker that can be asked what it keeps. */
export interface ProbedGateway extends AsyncDisposable {
  readonly gateway: RunningGateway
  memory(): Promise<Memory>
}

const PROBE = join(import.meta.dirname, 'probe.ts')
const SETTLED_MS = 1000
const ANSWER_MS = 10_000

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)

async function ask(folder: string, pid: number): Promise<Memory> {
  const file = join(folder, String(pid))
  const before = lines(file).length
  process.kill(pid, 'SIGUSR2')
  const deadline = performance.now() + ANSWER_MS
  while (lines(file).length === before) {
    if (performance.now() > deadline) throw new Error(`process ${pid} does not say what it keeps`)
    await sleep(20)
  }
  return JSON.parse(lines(file).at(-1) ?? '') as Memory
}

export async function startProbedGateway(database: string): Promise<ProbedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'))
  const env = { DATABASE_URL: database, MEMORY_PROBE: folder, NODE_OPTIONS: `--import=${PROBE}` }
  const gateway = await startGateway({ env })
  return {
    gateway,
    async memory() {
      await sleep(SETTLED_MS)
      const running = new Set(gateway.processes().map(({ pid }) => String(pid)))
      const sum = { kept: 0, resident: 0 }
      for (const pid of readdirSync(folder).filter((name) => running.has(name))) {
        const { kept, resident } = await ask(folder, Number(pid))
        sum.kept += kept
        sum.resident += resident
      }
      return sum
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
