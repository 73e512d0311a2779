import { once } from 'node:events'
import { doubtful, fine, wrong, type Finding } from '#/lib/finding.ts'
import type { PlainClient } from './client.ts'
import { row, withClient } from './examine-client.ts'
import { placeOf } from './place.ts'
import { messageOf } from './wait-for-database.ts'

type Mode = 'none' | 'session' | 'transaction' | 'statement'

export interface PoolerOptions {
  readonly url: string
  readonly directUrl: string | null
}

/** Whether something stands between us and the server, and whether LISTEN gets around it. */
export async function examinePooler({ url, directUrl }: PoolerOptions): Promise<readonly Finding[]> {
  const mode = await modeOf(url)
  const listens = await listening({
    url: directUrl ?? url,
    named: directUrl === null ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL',
  })
  if (mode === 'none') return [fine('pooler', 'none: the connections are the server’s own'), listens]
  if (mode === 'statement') {
    const advice = 'set pool_mode = transaction there: changes are made in transactions'
    return [wrong('pooler', 'a pooler in statement mode', advice), listens]
  }
  const said = `a pooler in ${mode} mode`
  const pooler =
    mode === 'session'
      ? doubtful('pooler', said, 'pool_mode = transaction serves more with fewer connections')
      : fine('pooler', said)
  return [pooler, listens]
}

/** A pooler gives its clients numbers of its own in place of the server's process ids. */
async function isPooled(client: PlainClient): Promise<boolean> {
  const { processID } = client as PlainClient & { readonly processID: number | null }
  return processID !== (await backendOf(client))
}

async function backendOf(client: PlainClient): Promise<number> {
  return (await row<{ pid: number }>(client, 'SELECT pg_backend_pid() AS pid')).pid
}

const TRIES = 5

/** In transaction mode two clients that take turns share one connection of the server. */
async function modeOf(url: string): Promise<Mode> {
  return await withClient(url, async (one) => {
    if (!(await isPooled(one))) return 'none'
    return await withClient(url, async (other) => {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const before = await backendOf(one)
        try {
          await other.query("/*source='doctor'*/ BEGIN")
        } catch {
          return 'statement'
        }
        const shared = (await backendOf(other)) === before
        await other.query('ROLLBACK')
        if (shared) return 'transaction'
      }
      return 'session'
    })
  })
}

const HEARD_MS = 2_000

/** A notification is sent and must come back on the connection that listens. */
async function listening({ url, named }: { readonly url: string; readonly named: string }): Promise<Finding> {
  const channel = 'causeway_doctor'
  const poll = 'changes are then found by polling, within half a second'
  try {
    return await withClient(url, async (client) => {
      if (await isPooled(client)) {
        const advice = `set DATABASE_DIRECT_URL to the server itself; ${poll}`
        return doubtful('LISTEN', `${named} leads through a pooler, where LISTEN is not heard`, advice)
      }
      const heard = once(client, 'notification', { signal: AbortSignal.timeout(HEARD_MS) })
      heard.catch(() => undefined)
      await client.query(`/*source='doctor'*/ LISTEN ${channel}`)
      await client.query(`/*source='doctor'*/ NOTIFY ${channel}`)
      await heard
      return fine('LISTEN', `${named} hears changes at once`)
    })
  } catch (error) {
    const advice = `correct ${named}, the way around the pooler; ${poll}`
    return wrong('LISTEN', `${placeOf(url)}: ${messageOf(error)}`, advice)
  }
}
