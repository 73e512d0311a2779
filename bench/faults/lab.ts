import type { Lab } from './fault.ts'

export interface OwnLab extends Lab, AsyncDisposable {}

/** Where faults are tried out. Ends what they share when it is disposed, the last first. */
export function openLab({ short = false }: { readonly short?: boolean } = {}): OwnLab {
  const open = new AsyncDisposableStack()
  const made = new Map<unknown, Promise<AsyncDisposable>>()
  async function make<T extends AsyncDisposable>(start: () => Promise<T>): Promise<T> {
    return open.use(await start())
  }
  return {
    short,
    shared<T extends AsyncDisposable>(start: () => Promise<T>): Promise<T> {
      const known = made.get(start) ?? make(start)
      made.set(start, known)
      return known as Promise<T>
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
