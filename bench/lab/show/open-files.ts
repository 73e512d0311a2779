import type { Scenario } from '../scenario.ts'

/** Beside one connection for each user: programs, pipes, logs, and streams that a user may keep. */
const BESIDE = 500

/**
 * Refuses a load whose connections this process's children cannot have.
 * @param limits what /proc/self/limits says; '' where there is no such file
 */
export function requireFiles({ loop, controlUsers, streams }: Scenario, limits: string): void {
  const soft = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity)
  const needed = Math.ceil(loop.users * (1 + streams / 100)) + controlUsers + BESIDE
  if (soft < needed)
    throw new Error(
      `${loop.users} users need ${needed} open files and this shell allows ${soft}: say ulimit -n ${2 * needed} first, or take fewer with --users`,
    )
}
