import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, type Block, type Page } from './pages.ts'

export interface BlockRun {
  readonly block: Block
  readonly printed: string
}

export interface PageOptions {
  readonly env: Readonly<Record<string, string>>
  /** What stands in the page, and what stands for it here: ports that are free, servers that exist. */
  readonly instead: Readonly<Record<string, string>>
  readonly withinMs: number
}

/** An empty folder and home of a reader, in which `npx causeway` is this repository's. */
export class Desk implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cw-docs-'))
  readonly work = join(this.folder, 'work')
  readonly #bin = join(this.folder, 'bin')

  constructor() {
    // The database's own account passes through.
    chmodSync(this.folder, 0o711)
    for (const path of [this.work, this.#bin, join(this.folder, 'home')]) mkdirSync(path, { mode: 0o711 })
    symlinkSync(join(ROOT, 'node_modules'), join(this.work, 'node_modules'))
    // npx takes half a second to find what the test of the package shows that it finds.
    const npx =
      process.env['PATH']
        ?.split(':')
        .map((part) => join(part, 'npx'))
        .find((path) => existsSync(path)) ?? 'npx'
    const own = `exec '${process.execPath}' '${join(ROOT, 'bin/causeway.js')}' "$@"`
    this.#command('npx', `if [ "$1" = causeway ]; then shift; ${own}; fi\nexec '${npx}' "$@"`)
    this.#command('causeway', own)
  }

  #command(name: string, body: string): void {
    const path = join(this.#bin, name)
    writeFileSync(path, `#!/bin/sh\n${body}\n`)
    chmodSync(path, 0o755)
  }

  env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const { PATH } = process.env
    return {
      PATH: `${this.#bin}:${PATH ?? ''}`,
      HOME: join(this.folder, 'home'),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      ...more,
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

/** Types what a page says, block after block, into one shell. Ends with an error at the first that fails. */
export async function runPage(
  page: Page,
  desk: Desk,
  { env, instead, withinMs }: PageOptions,
): Promise<readonly BlockRun[]> {
  const script = join(desk.folder, 'page.sh')
  writeFileSync(script, replaced(scriptOf(page, desk.folder), instead))
  const child = spawn('bash', [script], { cwd: desk.work, env: desk.env(env), stdio: 'ignore', detached: true })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const late = sleep(withinMs, ['late'] as const, { ref: false })
  const [code] = await Promise.race([ended, late])
  await endGroup(child.pid as number)
  const back = Object.fromEntries(Object.entries(instead).map(([there, here]) => [here, there]))
  const runs = page.blocks.map((block, at) => ({ block, printed: replaced(output(desk.folder, at), back) }))
  if (code === 0) return runs
  const reached = Number(output(desk.folder, 'at'))
  const { block, printed } = runs[reached] as BlockRun
  throw new Error(`${block.page}:${block.line} ended with ${code}:\n${block.text}\n\nIt printed:\n${printed}`)
}

/** What the shell did not end itself: what it starts is in its group. */
async function endGroup(leader: number): Promise<void> {
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-leader, name)
    } catch {
      return false
    }
  }
  const until = performance.now() + 20_000
  signal('SIGTERM')
  while (signal(0)) {
    if (performance.now() > until) signal('SIGKILL')
    await sleep(50)
  }
}

function output(folder: string, at: number | string): string {
  const path = join(folder, `block-${at}`)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

function replaced(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((all, [from, to]) => all.replaceAll(from, to), text)
}

function scriptOf(page: Page, folder: string): string {
  const blocks = page.blocks.map(({ kind, text }, at) => {
    const to = `>'${folder}/block-${at}' 2>&1`
    const progress = `echo ${at} >'${folder}/block-at'`
    if (kind === 'no-run') return ''
    if (kind === 'run') return `${progress}\n{\n${text}\n} ${to}`
    // The job is the gateway itself and no shell before it, so that its end is waited for.
    return `${progress}\n{\n${text.replace('npx causeway serve', 'exec npx causeway serve')}\n} ${to} &\nuntil_ready $!`
  })
  return `set -eo pipefail
until_ready() { until curl -sf "$CAUSEWAY_URL/ready" >/dev/null; do kill -0 "$1"; sleep 0.1; done; }
trap 'jobs -p | xargs -r kill 2>/dev/null; wait' EXIT
trap 'exit 1' TERM
${blocks.join('\n')}
`
}
