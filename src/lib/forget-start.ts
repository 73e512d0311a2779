import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** A heap that is mostly what stays has little to give back, and going through it takes long. */
const LARGE = 100 << 20

/**
 * Gives back what was only needed to load the program: it would stay until the heap is full, 20 MB of a process that is not busy.
 * Stops everything for about a tenth of a second, so it is for the end of a start and nothing else.
 */
export function forgetStart(): void {
  if (getHeapStatistics().used_heap_size > LARGE) return
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
