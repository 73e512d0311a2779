import { AsyncLocalStorage } from 'node:async_hooks'

interface Scope {
  open: boolean
  readonly source: string
}

const scope = new AsyncLocalStorage<Scope>()

/** Something tried to wait while the transaction around it held a database connection. Always a defect in the caller. */
export class HeldConnectionError extends Error {
  override readonly name = 'HeldConnectionError'
  /** The part of the house whose transaction it was. */
  readonly source: string
  /** What was about to be waited for. */
  readonly what: string

  constructor(what: string, source: string) {
    super(`${what} inside the transaction of '${source}' would hold its connection`)
    this.what = what
    this.source = source
  }
}

const listeners = new Set<(error: HeldConnectionError) => void>()

/** Told of every such defect, also of one whose error somebody swallows. */
export function onHeldConnection(listener: (error: HeldConnectionError) => void): Disposable {
  listeners.add(listener)
  return { [Symbol.dispose]: () => void listeners.delete(listener) }
}

/** The error to end it with; whoever listens has been told. */
export function heldConnection(what: string, source: string): HeldConnectionError {
  const error = new HeldConnectionError(what, source)
  for (const tell of listeners) tell(error)
  return error
}

/** Runs `work` as the inside of a transaction. The scope closes with it, so a timer begun inside and run later is not inside. */
export async function insideTransaction<T>(source: string, work: () => Promise<T>): Promise<T> {
  const own: Scope = { open: true, source }
  try {
    return await scope.run(own, work)
  } finally {
    own.open = false
  }
}

/** Runs `work` outside any transaction's context: what is registered for after the commit runs here. */
export function outsideTransaction<T>(work: () => T): T {
  return scope.exit(work)
}

/** Everything that leaves the process, waits in a queue or asks the pool again calls this first. */
export function assertNoTransaction(what: string): void {
  const around = scope.getStore()
  if (around?.open) throw heldConnection(what, around.source)
}
