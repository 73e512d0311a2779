import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway } from '../../test/support/gateway.ts'
import { judge, note, type Row } from '../table.ts'
import type { Bench, Scenario } from './scenario.ts'

const MB = 1_000_000
/** Long enough for a process to see that it is idle (lib/forget-start.ts). */
const IDLE_MS = 9000

/** Megabytes of each process but PostgreSQL's, of a gateway that has just started and that nobody has called. */
async function idle(bench: Bench, round: number): Promise<readonly number[]> {
  await using gateway = await startGateway({ env: { DATABASE_URL: await bench.postgres.another(`idle_${round}`) } })
  await sleep(IDLE_MS)
  const own = gateway.processes().filter((each) => !each.isPostgres)
  return own.map((each) => each.rssBytes / MB)
}

/** Resident memory of each process of a gateway that nobody has called yet; a new one in every round. */
export const memory: Scenario = async (bench) => {
  const rounds: (readonly number[])[] = []
  for (let round = 0; round < bench.rounds; round++) {
    const sizes = await idle(bench, round)
    bench.say(`memory, round ${round + 1}: ${sizes.map((size) => `${size.toFixed(1)} MB`).join(', ')}`)
    rounds.push(sizes)
  }
  const rows: Row[] = [
    judge(
      { figure: 'idle RSS of the largest process', must: 150, goal: 110, unit: ' MB' },
      rounds.map((sizes) => Math.max(...sizes)),
    ),
    note(
      'idle RSS of all processes',
      ' MB',
      rounds.map((sizes) => sizes.reduce((sum, size) => sum + size, 0)),
    ),
    note(
      'processes without PostgreSQL',
      '',
      rounds.map((sizes) => sizes.length),
    ),
  ]
  return rows
}
