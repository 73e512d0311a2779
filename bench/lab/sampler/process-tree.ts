import { readdirSync, readFileSync } from 'node:fs'

/** Of one process: processor time in milliseconds, resident memory in bytes. */
export interface ProcessUse {
  readonly pid: number
  readonly cpuMs: number
  readonly rssBytes: number
}

/** Linux on all machines that this runs on: `sysconf(_SC_CLK_TCK)` and the size of a page. */
const TICK_MS = 10
const PAGE_BYTES = 4096

function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** A process and all below it, PostgreSQL left out; empty: it has ended, or the system does not tell. */
export function processTree(pid: number): ProcessUse[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const nameEnds = stat.lastIndexOf(')')
    if (stat.slice(0, nameEnds).includes('(postgres')) return []
    const fields = stat.slice(nameEnds + 2).split(' ')
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS
    const own = { pid, cpuMs, rssBytes: Number(fields[21]) * PAGE_BYTES }
    return [own, ...childrenOf(pid).flatMap(processTree)]
  } catch {
    return []
  }
}
