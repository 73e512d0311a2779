import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** A heap that is mostly what stays has little to give back, and going through it takes long. */
const LARGE = 100 << 20

/** For so long nobody has wanted anything of a process when it forgets its start. */
const QUIET_MS = 6_000
/** So much of a core is nobody's want: a look at the clock and the database now and then. */
const QUIET_SHARE = 0.05
/** Then it is at work, and collects by itself. */
const MAX_LOOKS = 20

/**
 * Gives back what was only needed to load the program, as soon as the process is quiet: it would stay until the heap is full, 20 MB of
 * a process that is not busy. It stops everything for about a tenth of a second and takes twice as much of the processor, so neither
 * the first requests nor what starts beside it have to wait for it.
 */
export function forgetStartWhenQuiet(): void {
  let looks = 0
  let before = process.cpuUsage()
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    const isQuiet = (user + system) / 1000 < QUIET_SHARE * QUIET_MS
    if (isQuiet) forgetStart()
    if (isQuiet || ++looks === MAX_LOOKS) clearInterval(timer)
  }, QUIET_MS).unref()
}

function forgetStart(): void {
  if (getHeapStatistics().used_heap_size > LARGE) return
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
