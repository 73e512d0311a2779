import type { ProcessWatch } from '../watch.ts'
import { processTree } from './process-tree.ts'
import { loopDelayOf } from './loop-delay.ts'

export interface ProcessWatchOptions {
  /** The first process of the gateway. */
  readonly pid: number
  /** Where it offers metrics to a scraper, and the token for it. */
  readonly metrics?: { readonly url: string; readonly token: string }
}

const MB = 1 << 20

/** Memory and processor time of a gateway on this machine; how late its event loop is, where it tells. */
export function watchProcesses({ pid, metrics }: ProcessWatchOptions): ProcessWatch {
  const going = new AbortController()
  let before = new Map(processTree(pid).map((use) => [use.pid, use.cpuMs]))
  let beforeAt = performance.now()
  let loopDelayMs: number | null = null
  let asking = false

  async function ask(at: { readonly url: string; readonly token: string }): Promise<void> {
    asking = true
    loopDelayMs = await loopDelayOf(at.url, at.token, going.signal)
    asking = false
  }

  return {
    tick() {
      const tree = processTree(pid)
      if (tree.length === 0) return null
      const now = performance.now()
      const cpuMs = tree.reduce((sum, use) => sum + use.cpuMs - (before.get(use.pid) ?? 0), 0)
      const cpuPercent = (100 * cpuMs) / Math.max(1, now - beforeAt)
      before = new Map(tree.map((use) => [use.pid, use.cpuMs]))
      beforeAt = now
      const tick = { rssMb: tree.reduce((sum, use) => sum + use.rssBytes, 0) / MB, cpuPercent, loopDelayMs }
      if (metrics !== undefined && !asking) void ask(metrics)
      return tick
    },
    async [Symbol.asyncDispose]() {
      going.abort()
      await Promise.resolve()
    },
  }
}
