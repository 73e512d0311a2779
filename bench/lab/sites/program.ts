import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** One of the laboratory's programs in a process of its own. */
export interface Program extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

const STOPPED_WITHIN_MS = 5_000

/**
 * Starts it and waits for the URL that it prints.
 * @param name of its file below bench/lab; in the package that is JavaScript, as this one is
 */
export async function startProgram(name: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const file = join(import.meta.dirname, '..', `${name}${extname(import.meta.filename)}`)
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C is for us to hear: what it ends, we end in our order.
    detached: true,
  })
  const exited = once(child, 'exit')
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [string]
  return {
    url,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await Promise.race([
        exited,
        sleep(STOPPED_WITHIN_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL')),
      ])
    },
  }
}

/** Of each server of the simulator. */
export const LIST_LENGTH = 5

/** The upstream of every load. `tools` is how long each of its lists is. */
export const startSimulatorProgram = (tools: number): Promise<Program> =>
  startProgram('simulator/program', { PORT: '0', TOOLS: String(tools) })
