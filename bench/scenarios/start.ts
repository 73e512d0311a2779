import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { judge } from '../table.ts'
import type { Scenario } from './scenario.ts'

/** Time until a call is answered, from the start of the process; `gatewayId` is what an earlier run registered. */
async function firstCall(gateway: RunningGateway, gatewayId: string, began: number): Promise<number> {
  for (;;) {
    const response = await fetch(`${gateway.url}/rpc`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${gateway.token}`,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: `${gatewayId}-echo`, arguments: {} },
      }),
    })
    const text = await response.text()
    if (response.status === 200 && text.includes('"result"')) return performance.now() - began
    if (performance.now() - began > 60_000) throw new Error(`no call was answered in a minute: ${text}`)
    await sleep(20)
  }
}

/** Start to first answered call, with the embedded PostgreSQL: a new data folder, and one that exists. */
export const start: Scenario = async (bench) => {
  const fresh: number[] = []
  const existing: number[] = []
  for (let round = 0; round < Math.min(3, bench.rounds); round++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'cw-bench-'))
    chmodSync(dataDir, 0o711)
    try {
      let began = performance.now()
      const first = await startGateway({ dataDir })
      const { slug, name } = await first.register('started', `${bench.upstream}/modern/started`)
      fresh.push(await firstCall(first, slug ?? name, began))
      await first.stop()
      began = performance.now()
      const second = await startGateway({ dataDir })
      existing.push(await firstCall(second, slug ?? name, began))
      await second.stop()
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
  return [
    judge(
      { figure: 'start to first call, existing data folder', must: 5, goal: 2, unit: ' s', digits: 2 },
      seconds(existing),
    ),
    judge({ figure: 'start to first call, new data folder', must: 15, goal: 8, unit: ' s', digits: 2 }, seconds(fresh)),
  ]
}

const seconds = (all: readonly number[]): number[] => all.map((ms) => ms / 1000)
