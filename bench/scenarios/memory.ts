import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway } from '../../test/support/gateway.ts'
import { judge, note, type Row } from '../table.ts'
import type { Scenario } from './scenario.ts'

const MB = 1_000_000

/** Resident memory of each process of a gateway that nobody has called yet. */
export const memory: Scenario = async (bench) => {
  await using gateway = await startGateway({ env: { DATABASE_URL: await bench.postgres.another('idle') } })
  await sleep(5000)
  const sizes = gateway
    .processes()
    .filter((each) => !each.isPostgres)
    .map((each) => each.rssBytes / MB)
  const rows: Row[] = [
    judge({ figure: 'idle RSS of the largest process', must: 150, goal: 110, unit: ' MB' }, [Math.max(...sizes)]),
  ]
  rows.push(note('idle RSS of all processes', ' MB', [sizes.reduce((sum, size) => sum + size, 0)]))
  rows.push(note('processes without PostgreSQL', '', [sizes.length]))
  return rows
}
