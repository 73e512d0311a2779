import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killStill, processTree } from '../support/processes.ts'
import { until } from './site.ts'

/** `causeway serve` as a process, whether it gets ready or not. */
export interface Serving extends AsyncDisposable {
  readonly pid: number
  readonly dataDir: string
  /** Everything that it has written, errors included. */
  readonly output: string
  /** The exit code, or the signal it died of. */
  readonly exited: Promise<number | string>
  /** Waits until it has written this. */
  says(what: RegExp, withinMs?: number): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')

export async function serve(env: Readonly<Record<string, string>>): Promise<Serving> {
  const own = env['CAUSEWAY_DATA_DIR'] === undefined
  const dataDir = env['CAUSEWAY_DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'cw-')))
  if (own) await chmod(dataDir, 0o711)
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CAUSEWAY_|DATABASE_|HOST$|PORT$|JWT_|VITEST)/.test(name)),
  )
  const child = spawn(process.execPath, ['bin/causeway.js', 'serve'], {
    cwd: ROOT,
    env: { ...inherited, CAUSEWAY_WORKERS: '1', PORT: '0', ...env, CAUSEWAY_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    pid: child.pid ?? 0,
    dataDir,
    get output() {
      return output
    },
    exited,
    says: async (what, withinMs = 15_000) => {
      await until(`saying ${String(what)}`, () => what.test(output), withinMs).catch((error: unknown) => {
        throw new Error(`${String(error)}; it said:\n${output}`)
      })
    },
    async [Symbol.asyncDispose]() {
      const left = processTree(child.pid ?? 0)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      left.forEach(killStill)
      if (own) await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}
