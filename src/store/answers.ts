import { connectWhenThere, type WaitOptions } from './wait-for-database.ts'

/** Whether a database answers within `ms`. Throws where it answers "no". */
export async function answersWithin(ms: number, { url, log, signal }: WaitOptions): Promise<boolean> {
  const late = AbortSignal.timeout(ms)
  try {
    const client = await connectWhenThere({ url, log, signal: AbortSignal.any([signal, late]) })
    await client.end()
    return true
  } catch (error) {
    if (late.aborted && !signal.aborted) return false
    throw error
  }
}
