import { setImmediate as nextTurn } from 'node:timers/promises'
import { threadMs } from '../thread-time.ts'
import type { Stalls } from './messages.ts'

/** Ticks once per few milliseconds; a tick that comes late shows what held the loop. */
export function stallProbe(): { take(): Stalls; stop(): void } {
  let worst = { wall: 0, cpu: 0, turns: 0 }
  const stop = new AbortController()
  void (async () => {
    let wall = performance.now()
    let cpu = threadMs()
    while (!stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 3))
      await nextTurn()
      const [wallNow, cpuNow] = [performance.now(), threadMs()]
      worst = {
        wall: Math.max(worst.wall, wallNow - wall),
        cpu: Math.max(worst.cpu, Math.min(cpuNow - cpu, wallNow - wall)),
        turns: worst.turns + 1,
      }
      wall = wallNow
      cpu = cpuNow
    }
  })()
  return {
    take() {
      const taken = worst
      worst = { wall: 0, cpu: 0, turns: 0 }
      return taken
    },
    stop: () => stop.abort(),
  }
}
