import type { RunningGateway } from '../support/gateway.ts'
import type { ProcessInfo } from '../support/processes.ts'

const isWorker = ({ command }: ProcessInfo): boolean => command.includes('run-as-worker')

export const workersOf = (gateway: RunningGateway): ProcessInfo[] => gateway.processes().filter(isWorker)

/** How many workers have been ready so far, those that have ended too. */
export const workersReady = async (gateway: RunningGateway): Promise<number> =>
  (await gateway.output()).split('"worker.ready"').length - 1

/** The worker that a new gateway has started at a place: the first part of its name among holders of leases is `w`, then the place. */
export function firstWorkerAt(gateway: RunningGateway, place: number): number {
  const found = workersOf(gateway).toSorted((a, b) => a.pid - b.pid)[place]
  if (found === undefined) throw new Error(`no worker has place ${place}`)
  return found.pid
}
