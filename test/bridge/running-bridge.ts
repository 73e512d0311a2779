import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')

/** A message that the client was told, and when (performance.now()). */
export interface Told {
  readonly at: number
  readonly id?: unknown
  readonly method?: string
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** `causeway bridge` in a process of its own, as an MCP client starts it. */
export interface RunningBridge extends AsyncDisposable {
  write(...messages: readonly object[]): void
  /** The answers to these ids, in the order of the ids; waits until all are there. */
  answers(ids: readonly unknown[]): Promise<readonly Told[]>
  /** Everything that the client was told so far. */
  readonly told: readonly Told[]
  /** Ends its input; resolves with its exit code. */
  end(): Promise<number | null>
}

const PATIENCE_MS = 10_000

export function runningBridge(env: Readonly<Record<string, string>>): RunningBridge {
  const { PATH } = process.env
  const child = spawn(process.execPath, [LAUNCHER, 'bridge'], {
    env: { PATH, HOME: '/nonexistent', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const told: Told[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push({ at: performance.now(), ...(JSON.parse(line) as object) })
  })
  const end = async (): Promise<number | null> => {
    child.stdin.end()
    return (await exited)[0]
  }
  return {
    told,
    end,
    write: (...messages) => {
      for (const message of messages) child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    },
    async answers(ids) {
      const until = performance.now() + PATIENCE_MS
      const found = () =>
        ids.map((id) => told.find((each) => each.id === id && (each.result ?? each.error) !== undefined))
      while (found().includes(undefined)) {
        if (performance.now() > until) throw new Error(`no answer to all of ${ids.join()}: ${JSON.stringify(told)}`)
        await sleep(5)
      }
      return found() as Told[]
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
