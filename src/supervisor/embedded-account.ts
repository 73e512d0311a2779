import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { chown, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The account that PostgreSQL runs under: it refuses to be root. null: our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** `nobody` when we are root, else ourselves. It must exist in passwd: PostgreSQL looks its own name up. */
export async function unprivilegedAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const passwd = await readFile('/etc/passwd', 'utf8')
  const fields = passwd.split('\n').map((line) => line.split(':'))
  const [, , uid, gid] = fields.find(([name]) => name === 'nobody') ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
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

/** Starts a program as the account, in a session of its own, so that a Ctrl-C meant for us does not reach it. */
export function spawnAs(account: Account | null, command: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [program = '', ...args] = command
  return spawn(program, args, { cwd: '/', detached: true, ...account, ...options })
}

/**
 * The words that make Linux interrupt a program when its parent dies in whatever way. setpriv replaces itself by the program,
 * so the process id is the program's own. Changing the account clears the wish, so setpriv changes it too.
 */
export function dyingWithUs(account: Account | null): readonly string[] {
  const as = account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  return ['setpriv', '--pdeathsig', 'INT', ...as, '--']
}
