import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StartError } from '#/errors/start-error.ts'
import type { EmbeddedLog } from './embedded-log.ts'

export interface Postmaster {
  readonly pid: number
  /** starting | stopping | ready | standby */
  readonly status: string
}

const STOP_MS = 20_000

/** What PostgreSQL wrote into its pid file; undefined: there is none, or it is not written yet. */
export async function postmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined
}

/** Stops a server that outlived its parent on this folder. The caller holds the folder's lock, so it is nobody's. */
export async function stopOrphan(data: string, log: EmbeddedLog): Promise<void> {
  const found = await postmaster(data)
  if (found === undefined || !(await isPostgres(found.pid, data))) return
  log.warn(
    { event: 'postgres.orphan', pid: found.pid },
    'a PostgreSQL was left running on the data folder; stopping it',
  )
  signal(found.pid, 'SIGINT')
  const until = performance.now() + STOP_MS
  while (await isPostgres(found.pid, data)) {
    if (performance.now() > until) {
      throw new StartError(
        `a PostgreSQL (process ${found.pid}) runs on ${data} and does not stop: end it, then start again`,
      )
    }
    await sleep(50)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Process ids are used again: only a process whose command names this folder is the one. */
async function isPostgres(pid: number, data: string): Promise<boolean> {
  try {
    const command =
      process.platform === 'linux'
        ? await readFile(`/proc/${pid}/cmdline`, 'utf8')
        : (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args='])).stdout
    return command.includes(data)
  } catch {
    return false
  }
}
