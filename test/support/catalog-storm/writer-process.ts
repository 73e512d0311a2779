import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { openDatabase } from '../../../src/store/database.ts'
import { quiet } from '../quiet.ts'
import { now, type WriterMessage, type WriterOptions } from './messages.ts'
import { randomChange } from './random-change.ts'

const { url, seed, perSecond, stallAfter } = JSON.parse(process.argv[2] ?? '{}') as WriterOptions
const tell = (message: WriterMessage): void => void process.send?.(message)
const db = await openDatabase({ url, poolSize: 1, log: quiet })

const end = new AbortController()
process.once('message', () => end.abort())

let due = performance.now() + randomInt(1_000 / perSecond)
for (let n = 1; !end.signal.aborted; n++) {
  await delay(Math.max(0, due - performance.now()))
  due += 1_000 / perSecond
  try {
    const { seq } = await db.write('storm', async (tx) => {
      await randomChange(tx, seed)
      if (n !== stallAfter) return
      tell({ kind: 'inside' })
      // Long enough to be killed inside; a transaction may wait for nothing but a statement of its own.
      await sql`SELECT pg_sleep(2)`.execute(tx.sql)
    })
    if (seq !== null) tell({ kind: 'committed', seq, at: now() })
  } catch (error) {
    tell({ kind: 'failed', message: String(error) })
  }
}
await db[Symbol.asyncDispose]()
process.disconnect()
