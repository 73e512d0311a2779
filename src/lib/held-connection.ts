import { AsyncLocalStorage } from 'node:async_hooks'

interface Scope {
  open: boolean
  readonly source: string
}

const scope = new AsyncLocalStorage<Scope>()

/** Something tried to wait while the transaction around it held a database connection. Always a defect in the caller. */
export class HeldConnectionError extends Error {
  override readonly name = 'HeldConnectionError'
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
  if (around?.open)
    throw new HeldConnectionError(`${what} inside the transaction of '${around.source}' would hold its connection`)
}
