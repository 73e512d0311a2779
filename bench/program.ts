import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Program extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

/** Starts one of the programs in bench/ in a process of its own and waits for the URL it prints. */
export async function startProgram(file: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error(`${file} ended before it was ready`))),
  ])) as [string]
  return {
    url,
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      child.kill()
      const lastResort = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(lastResort)
    },
  }
}
