import { eightStarts } from './eight-starts.ts'
import { embeddedKilled } from './embedded.ts'
import type { Fault } from './fault.ts'
import { toldToStop } from './told-to-stop.ts'
import { workerKilled } from './worker-killed.ts'

/** What happens to our own processes. */
export const PROCESS_FAULTS: readonly Fault[] = [embeddedKilled, workerKilled, toldToStop, eightStarts]
