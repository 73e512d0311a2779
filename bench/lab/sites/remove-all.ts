import { Rest } from './rest.ts'
import { inTurns } from './tokens.ts'

export interface RemoveOptions {
  readonly url: string
  readonly token: string
  readonly say: (text: string) => void
}

/** However the run has ended, this is not cut short by it. */
const WITHIN_MS = 120_000

/** Removes what was made at a gateway: tokens some at a time, then the rest. What cannot be removed is told. */
export async function removeAll({ url, token, say }: RemoveOptions, paths: readonly string[]): Promise<void> {
  const rest = new Rest({ url: new URL(url).origin, token, signal: AbortSignal.timeout(WITHIN_MS) })
  let left = 0
  const remove = async (path: string): Promise<void> => {
    const { status } = await rest.send('DELETE', path).catch(() => ({ status: 0 }))
    if (status === 0 || (status >= 300 && status !== 404)) left++
  }
  try {
    if (!(await rest.isThere())) throw new Error('its API is gone')
    const tokens = paths.filter((path) => path.startsWith('/tokens/'))
    await inTurns(tokens.length, (n) => remove(tokens[n] ?? ''))
    for (const path of paths) if (!path.startsWith('/tokens/')) await remove(path)
  } catch (error) {
    return say(`what was made at the target is still there (${paths.length} things): ${String(error)}`)
  }
  if (left === 0) say(`what was made at the target is removed (${paths.length} things)`)
  else say(`${left} of ${paths.length} things that were made at the target could not be removed`)
}
