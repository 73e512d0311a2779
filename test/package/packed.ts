import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from '../../src/supervisor/embedded-account.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The environment of a stranger: nothing of this machine's settings, of the tests, or of the npm that runs them. */
const stranger = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(CAUSEWAY_|DATABASE_|HOST$|PORT$|VITEST|NODE_|npm_|INIT_CWD)/i.test(name),
    ),
  )

/** The packages of a run are kept in its own folder; what npm has downloaded before is used again. */
function npmCache(folder: string): string {
  const cache = join(folder, 'npm-cache')
  const known = join(process.env['npm_config_cache'] ?? join(homedir(), '.npm'), '_cacache')
  mkdirSync(cache)
  mkdirSync(known, { recursive: true })
  symlinkSync(known, join(cache, '_cacache'))
  return cache
}

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A folder that others may read, with the packed tarball in it. */
export class Workshop implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cw-pack-'))
  readonly env: NodeJS.ProcessEnv

  constructor() {
    chmodSync(this.folder, 0o755)
    const npm = { npm_config_cache: npmCache(this.folder), npm_config_yes: 'true', npm_config_loglevel: 'error' }
    this.env = { ...stranger(), ...npm, npm_config_prefer_offline: 'true' }
  }

  /** `npm pack` in the repository; the path of the tarball. */
  async pack(): Promise<string> {
    const args = ['pack', '--silent', '--pack-destination', this.folder]
    const { code, out } = await this.run(ROOT, 'npm', args)
    if (code !== 0) throw new Error(`npm pack: ${out}`)
    return join(this.folder, out.trim().split('\n').at(-1) ?? '')
  }

  empty(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    return path
  }

  async run(cwd: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const options = { cwd, env: { ...this.env, ...env }, maxBuffer: 8 << 20, timeout: 100_000 }
    try {
      const { stdout, stderr } = await promisify(execFile)(program, args, options)
      return { code: 0, out: stdout, err: stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, out: stdout, err: stderr }
    }
  }

  serve(cwd: string, command: readonly string[], env: NodeJS.ProcessEnv, account: Account | null = null): Serving {
    const [program = '', ...args] = command
    return new Serving(spawn(program, args, { cwd, env: { ...this.env, ...env }, detached: true, ...account }))
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

/** A gateway in a session of its own, as in a terminal. */
export class Serving implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<[number | null, string | null]>
  output = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit') as Promise<[number | null, string | null]>
    child.stdout?.on('data', (text: Buffer) => (this.output += text.toString()))
    child.stderr?.on('data', (text: Buffer) => (this.output += text.toString()))
  }

  /** What the welcome says, once it is there. */
  async welcome(): Promise<string> {
    while (!this.output.includes('Ctrl-C stops it.')) {
      if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode}:\n${this.output}`)
      await Promise.race([once(this.#child.stdout as NodeJS.EventEmitter, 'data'), this.#exited])
    }
    return this.output
  }

  /** Ctrl-C reaches the whole group. */
  async interrupt(): Promise<number | null> {
    process.kill(-(this.#child.pid as number), 'SIGINT')
    return (await this.#exited)[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.interrupt()
  }
}
