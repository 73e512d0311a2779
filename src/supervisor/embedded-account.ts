import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { chown, readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { StartError } from '#/errors/start-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { finished } from './embedded-run.ts'

/** The account that PostgreSQL runs under: it refuses to be root. null: our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** `nobody` when we are root, else ourselves. It must exist in passwd: PostgreSQL looks its own name up. */
export async function unprivilegedAccount(): Promise<Account | null> {
  const own = process.getuid?.()
  if (own !== 0) {
    if (own !== undefined && !isKnown()) throw nameless(own)
    return null
  }
  const passwd = await readFile('/etc/passwd', 'utf8')
  const fields = passwd.split('\n').map((line) => line.split(':'))
  const [, , uid, gid] = fields.find(([name]) => name === 'nobody') ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

/** Whether the system has a name for us: from passwd. */
function isKnown(): boolean {
  try {
    userInfo()
    return true
  } catch {
    return false
  }
}

function nameless(uid: number): StartError {
  return new StartError(
    `the embedded PostgreSQL needs an account with a name, and user id ${uid} has none on this machine: ` +
      'start as root or as a user of /etc/passwd, add an entry for it, or set DATABASE_URL to a PostgreSQL of your own',
  )
}

/** Makes the account the owner of `path`. */
export async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account !== null) await chown(path, account.uid, account.gid)
}

/** The first folder on the way to `path` that the account may not pass, or undefined. */
export async function blockedAt(account: Account | null, path: string): Promise<string | undefined> {
  if (account === null) return undefined
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return folder
    if (folder === dirname(folder)) return undefined
  }
}

/** All that PostgreSQL gets to know of our environment: what we were told in confidence is not for its account. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Starts a program as the account, in a session of its own, so that a Ctrl-C meant for us does not reach it. */
export function spawnAs(account: Account | null, command: readonly string[], options: SpawnOptions = {}): ChildProcess {
  assertNoTransaction('starting a program')
  const [program = '', ...args] = command
  return spawn(program, args, { cwd: '/', detached: true, env: ENVIRONMENT, ...account, ...options })
}

/**
 * Starts a program as the account that Linux interrupts when we die in whatever way. setpriv replaces itself by the program, so
 * the process id is the program's own. Changing the account clears the wish, so setpriv changes it too, and starts as we are.
 */
export async function spawnTied(
  account: Account | null,
  command: readonly string[],
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const as = account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  const tie = ['setpriv', '--pdeathsig', 'INT', ...as, '--']
  // Absent on other systems, and without these words in small distributions: then the next start finds the orphan.
  const { code } = await finished(spawnAs(null, [...tie, 'true'], { detached: false }))
  return code === 0 ? spawnAs(null, [...tie, ...command], options) : spawnAs(account, command, options)
}
