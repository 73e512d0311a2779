import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { get, type Agent, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export interface SupervisedOptions {
  readonly port?: number
  readonly workers?: number
  /** What the workers answer with; `fail` and `slow` change how they start. */
  readonly greeting?: string
  readonly drainMs?: number
}

/** A supervisor of tiny workers in a process of its own. */
export class Supervised implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #lines: Record<string, unknown>[] = []
  readonly #workers = new Set<number>()
  readonly #exit: Promise<unknown[]>
  #heard = (): void => {}

  constructor({ port = 0, workers = 2, greeting = 'hello', drainMs = 5000 }: SupervisedOptions = {}) {
    const script = `${import.meta.dirname}/tiny-supervisor.ts`
    const args = [script, ...[port, workers, greeting, drainMs].map(String)]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#exit = once(this.child, 'exit')
    if (this.child.stdout === null) throw new Error('no output')
    createInterface(this.child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as Record<string, unknown>
      this.#lines.push(said)
      if (said['event'] === 'worker.ready') this.#workers.add(Number(said['pid']))
      this.#heard()
    })
  }

  get lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.#lines
  }

  /** Every worker that ever got ready. */
  get pids(): readonly number[] {
    return [...this.#workers]
  }

  /** Waits until the `nth` line that has `member`. */
  async line(member: string, nth = 1): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const found = this.#lines.filter((line) => member in line)[nth - 1]
      if (found !== undefined) return found
      const next = new Promise<void>((resolve) => {
        this.#heard = resolve
      })
      await Promise.race([next, this.#exit])
      if (this.child.exitCode !== null && !this.#lines.some((line) => member in line))
        throw new Error(`ended without '${member}': ${JSON.stringify(this.#lines)}`)
    }
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${String((await this.line('ready'))['ready'])}`
  }

  /** Waits until that many workers have been ready in all. */
  async workersReady(count: number): Promise<void> {
    while (this.pids.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The exit code, or the signal it died of. */
  async exited(): Promise<unknown> {
    const [code, signal] = await this.#exit
    return signal ?? code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.#exit
    for (const pid of this.pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Each on a connection of its own, unless an agent keeps one. */
export async function ask(url: string, agent: Agent | false = false): Promise<Answer> {
  const request = get(url, { agent, signal: AbortSignal.timeout(30_000) })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>)
  return {
    status: response.statusCode ?? 0,
    body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
  }
}

export async function until(true_: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await true_())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`)
    await sleep(20)
  }
}
