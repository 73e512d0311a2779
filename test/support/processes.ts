import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessInfo {
  readonly pid: number
  readonly command: string
  readonly isPostgres: boolean
  /** CPU time used so far, in milliseconds (user and system). */
  readonly cpuMs: number
  readonly rssBytes: number
}

const TICK_MS = 10
const PAGE_BYTES = 4096

interface Stat {
  readonly parent: number
  readonly info: ProcessInfo
}

function read(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS
    const info = {
      pid,
      command,
      isPostgres: /postgres/.test(stat.slice(0, stat.lastIndexOf(')'))),
      cpuMs,
      rssBytes: Number(fields[21]) * PAGE_BYTES,
    }
    return { parent: Number(fields[1]), info }
  } catch {
    return undefined
  }
}

/** A process and all below it, the root first; empty when it has ended. */
export function processTree(root: number): ProcessInfo[] {
  const all = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(Number(name)) : undefined
    if (stat) all.set(stat.info.pid, stat)
  }
  const first = all.get(root)
  if (!first) return []
  const found = [first.info]
  for (let at = 0; at < found.length; at++) {
    for (const { parent, info } of all.values()) if (parent === found[at]?.pid && info.pid !== root) found.push(info)
  }
  return found
}

/** To a process and all below it. */
export function signalTree(root: number, signal: NodeJS.Signals): void {
  for (const { pid } of processTree(root)) tell(pid, signal)
}

/** Only what is still the same program: a process id may have been given to another since. */
export function killStill({ pid, command }: ProcessInfo): void {
  if (processTree(pid)[0]?.command === command) tell(pid, 'SIGKILL')
}

/** What has ended meanwhile needs no signal. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
