import { setTimeout as sleep } from 'node:timers/promises'
import { Collection } from './collection.ts'
import { Dispatch } from './dispatch.ts'
import { EarlyWorkers } from './early-workers.ts'
import { Facts } from './facts.ts'
import { Fleet } from './fleet.ts'
import type { PrepareContext, Prepared, SupervisorLog } from './link.ts'
import { Listener, type ListenOptions } from './listener.ts'
import type { FromWorker } from './messages.ts'
import type { WorkerEntry, WorkerProcess } from './worker-process.ts'

export interface SuperviseOptions<C, P, R extends Prepared<P>> {
  /** What each worker is given; survives structured clone. */
  readonly config: C
  readonly listen: ListenOptions
  readonly workers: number
  /** How long requests in flight may go on once told to stop. */
  readonly drainMs: number
  readonly entry: WorkerEntry
  readonly prepare: (context: PrepareContext) => Promise<R>
  readonly log: SupervisorLog
  readonly progress: (line: string) => void
  /** Called once, when the first worker answers. */
  readonly ready: (listener: Listener, prepared: R) => void
  /** Drain and end. */
  readonly stop: AbortSignal
  /** Cut the drain short. */
  readonly hurry: AbortSignal
}

/**
 * The whole life of a serving machine: take the port, prepare what only one process does, run the workers, and on `stop` end all
 * of it in reverse. Rejects when it could not start.
 */
export async function supervise<C, P, R extends Prepared<P>>(options: SuperviseOptions<C, P, R>): Promise<void> {
  const { stop, hurry, drainMs, log } = options
  const parts = new Parts()
  const dispatch = new Dispatch(() => parts.fleet?.ready() ?? [])
  const listener = await Listener.open(options.listen, (socket) => dispatch.give(socket))
  await using ending = new AsyncDisposableStack()
  const close = async (): Promise<void> => {
    await listener.close()
    dispatch.close()
  }
  ending.defer(close)
  using early = new EarlyWorkers(options.entry, options.workers)
  const prepared = await prepare(options, parts)
  if (prepared === null) return
  ending.use(prepared)
  if (stop.aborted) return
  const fleet = startFleet(options, { parts, prepared, dispatch, early })
  ending.defer(async () => {
    log.info({ event: 'drain.began', ms: drainMs }, 'draining')
    // Whoever signals the whole process group ends the workers, too: none of them is missed.
    fleet.hold()
    fleet.tell({ kind: 'quiesce' })
    await noticed(drainMs, hurry)
    await close()
    await fleet.drain(drainMs, hurry)
  })
  await Promise.race([fleet.firstReady, aborted(stop)])
  if (!stop.aborted) options.ready(listener, prepared)
  await aborted(stop)
}

/** What is built after others already need to reach it. */
class Parts {
  fleet: Fleet | undefined
  readonly facts = new Facts()
  readonly collection = new Collection()
}

/** null: told to stop before it was done. */
async function prepare<C, P, R extends Prepared<P>>(
  options: SuperviseOptions<C, P, R>,
  parts: Parts,
): Promise<R | null> {
  const { stop, progress } = options
  try {
    return await options.prepare({
      signal: stop,
      progress,
      wake: (seq) => parts.fleet?.tell({ kind: 'wake', seq }),
    })
  } catch (error) {
    if (stop.aborted) return null
    throw error
  }
}

interface Built<P> {
  readonly early: EarlyWorkers
  readonly parts: Parts
  readonly prepared: Prepared<P>
  readonly dispatch: Dispatch
}

function startFleet<C, P, R extends Prepared<P>>(options: SuperviseOptions<C, P, R>, built: Built<P>): Fleet {
  const { parts, prepared, dispatch, early } = built
  const { config, workers, drainMs, entry, log } = options
  const fleet = new Fleet({
    entry: { ...entry, early },
    workers,
    log,
    first: (index) => ({ kind: 'start', config, prepared: prepared.forWorkers, index, workers, drainMs }),
    becameReady: (worker) => {
      for (const fact of parts.facts.current()) worker.send({ kind: 'fact', fact })
      dispatch.flush()
    },
    said: (worker, message) => heard(built, worker, message),
    ended: (worker) => parts.collection.ended(worker),
    returned: (sockets) => {
      for (const socket of sockets) dispatch.give(socket)
    },
    takesAgain: () => dispatch.flush(),
  })
  parts.fleet = fleet
  return fleet
}

function heard<P>({ parts, prepared }: Built<P>, worker: WorkerProcess, message: FromWorker): void {
  if (message.kind === 'fact') {
    parts.facts.learn(message.fact)
    prepared.heard?.(message.fact)
    parts.fleet?.tell(message, worker)
  } else if (message.kind === 'reported') {
    parts.collection.reported(worker, message.id, message.part)
  } else if (message.kind === 'collect') {
    const own = prepared.measure ?? ((): Promise<null> => Promise.resolve(null))
    void parts.collection
      .collect(parts.fleet?.ready() ?? [], own)
      .then((collected) => worker.send({ kind: 'collected', id: message.id, parts: collected }))
  }
}

/** Time for those who watch readiness to look elsewhere, while requests are still taken. */
async function noticed(drainMs: number, hurry: AbortSignal): Promise<void> {
  await sleep(Math.min(500, drainMs / 10), undefined, { signal: hurry }).catch(() => {})
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
