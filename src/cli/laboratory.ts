import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'

/** The load laboratory is a program beside this one: as it lies in the repository, and as it lies in the package. */
const PLACES = ['../../bench/lab', '../lab'].flatMap((folder) =>
  ['.ts', '.js'].map((extension) => ({ folder, extension })),
)

function programOf(name: string): string {
  const paths = PLACES.map(({ folder, extension }) => join(import.meta.dirname, folder, `${name}${extension}`))
  const found = paths.find((path) => existsSync(path))
  if (found === undefined) throw new CliError('the load laboratory is not part of this copy: install it again')
  return found
}

/** Thousands of tokens may have to be removed. */
const CLEAN_UP_MS = 150_000

export interface Laboratory {
  readonly program: string
  readonly args: readonly string[]
  /** What no list of processes may show: it is given by the environment. */
  readonly secrets?: { readonly LAB_TOKEN: string; readonly LAB_DATABASE?: string }
}

/** Runs one of its programs to its end; it writes where we write. Throws a CliError where it did not end well. */
export async function runLaboratory(
  { env, stop, mayCleanUpFor }: Context,
  { program, args, secrets }: Laboratory,
): Promise<void> {
  const own = { ...env, ...secrets }
  const child = spawn(process.execPath, [programOf(program), ...args], { stdio: 'inherit', env: own })
  mayCleanUpFor(CLEAN_UP_MS)
  // It puts away what it has made before it ends.
  const end = (): void => void child.kill('SIGTERM')
  stop.addEventListener('abort', end, { once: true })
  const [code] = (await once(child, 'exit')) as [number | null]
  stop.removeEventListener('abort', end)
  if (code === 1 && !stop.aborted)
    throw new CliError('not every request was answered as it should be', { code: 'failed_requests' })
  if (code !== 0 && !stop.aborted) throw new CliError('the load was not run', { code: 'usage' })
}
