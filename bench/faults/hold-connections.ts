import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** Connections that others hold. Given back when disposed. */
export interface Held extends AsyncDisposable {
  readonly count: number
}

const MOST_ROUNDS = 200
/** Places that others have just left are free by then. */
const LEFT_MS = 200

/** Takes every connection that a server has, those of others too: they are ended until all that can be had are held here. */
export async function holdConnections(url: string): Promise<Held> {
  const held: Client[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await takeFree(url, held)
    const [first] = held
    if (first === undefined || !(await endedOthers(first, held))) break
  }
  return heldOnes(held)
}

/** Takes every connection that others leave, and ends nobody's: what a pooler lets in has no server's process of its own. */
export async function takeConnections(url: string): Promise<Held> {
  const held: Client[] = []
  for (let before = -1; before < held.length; await sleep(LEFT_MS)) {
    before = held.length
    await takeFree(url, held)
  }
  return heldOnes(held)
}

const heldOnes = (held: readonly Client[]): Held => ({
  count: held.length,
  async [Symbol.asyncDispose]() {
    await Promise.all(held.map((client) => client.end().catch(() => undefined)))
  },
})

async function takeFree(url: string, held: Client[]): Promise<void> {
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
    } catch {
      return
    }
    held.push(client)
  }
}

/** False: there were none. */
async function endedOthers(client: Client, held: readonly Client[]): Promise<boolean> {
  const own = held.map((each) => (each as unknown as { processID: number }).processID)
  const { rows } = await client.query<{ ended: boolean }>(
    "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> ALL($1)",
    [own],
  )
  return rows.length > 0
}
