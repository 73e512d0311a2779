import { setImmediate as nextTurn } from 'node:timers/promises'
import { assertNoTransaction } from './held-connection.ts'

/** Long work in slices: whoever finds the slice used up rests, and the event loop serves everyone else first. */
export interface Pace {
  /** The slice is used up: `await rest()` now. Costs tens of nanoseconds. */
  due(): boolean
  rest(): Promise<void>
}

export function pace(sliceMs = 2): Pace {
  let until = performance.now() + sliceMs
  return {
    due: () => performance.now() >= until,
    rest: async () => {
      assertNoTransaction('a rest')
      await nextTurn()
      until = performance.now() + sliceMs
    },
  }
}
