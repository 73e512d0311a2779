import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { judge } from '../table.ts'
import type { Scenario } from './scenario.ts'

/** Until a call is answered. */
async function firstCall(gateway: RunningGateway): Promise<void> {
  const began = performance.now()
  for (;;) {
    const response = await fetch(`${gateway.url}/rpc`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${gateway.token}`,
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"started-echo","arguments":{}}}',
    })
    const text = await response.text()
    if (response.status === 200 && text.includes('"result"')) return
    if (performance.now() - began > 60_000) throw new Error(`no call was answered in a minute: ${text}`)
    await sleep(20)
  }
}

/** Seconds from the start of the process to the first answered call; `first` does what that call needs. */
async function timed(dataDir: string, first: (gateway: RunningGateway) => Promise<void>): Promise<number> {
  const began = performance.now()
  await using gateway = await startGateway({ dataDir })
  await first(gateway)
  await firstCall(gateway)
  return (performance.now() - began) / 1000
}

/** Start to first answered call, with the embedded PostgreSQL: a new data folder, and one that exists. */
export const start: Scenario = async (bench) => {
  const fresh: number[] = []
  const existing: number[] = []
  for (let round = 0; round < bench.rounds; round++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'cw-bench-'))
    chmodSync(dataDir, 0o711)
    try {
      const upstream = `${bench.upstream}/modern/started`
      fresh.push(await timed(dataDir, async (gateway) => void (await gateway.register('started', upstream))))
      existing.push(await timed(dataDir, () => Promise.resolve()))
      bench.say(
        `start, round ${round + 1}: new ${fresh.at(-1)?.toFixed(2)} s, existing ${existing.at(-1)?.toFixed(2)} s`,
      )
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
  return [
    judge({ figure: 'start to first call, existing data folder', must: 5, goal: 2, unit: ' s', digits: 2 }, existing),
    judge({ figure: 'start to first call, new data folder', must: 15, goal: 8, unit: ' s', digits: 2 }, fresh),
  ]
}
