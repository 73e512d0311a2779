import { mcpDoors, restDoors } from '../../test/pool/doors.ts'
import { passAll } from '../../test/pool/run-doors.ts'
import { startSite } from '../../test/pool/site.ts'
import { judge, type Row } from '../table.ts'
import type { Scenario } from './scenario.ts'

const CALLS = 500

/** 500 calls at once to a backend of five seconds, with one database connection: door after door, each on its own. */
export const poolOfOne: Scenario = async (bench) => {
  await using site = await startSite()
  const rows: Row[] = []
  const isChosen = (name: string): boolean =>
    bench.doors.length === 0 || bench.doors.some((part) => name.includes(part))
  const doors = [...(await mcpDoors(site)), ...(await restDoors(site, CALLS, isChosen))]
  for (const door of doors.filter(({ name }) => isChosen(name))) {
    const { seconds, failures } = await passAll([door], CALLS)
    bench.say(`pool of one: ${door.name} ${seconds.toFixed(2)} s, ${failures.length} failures ${failures[0] ?? ''}`)
    const name = door.name.replaceAll(/[0-9a-f]{32}/g, '{id}')
    const row = judge({ figure: `500 × 5 s, pool of one: ${name}`, must: 8, goal: 5.5, unit: ' s', digits: 2 }, [
      seconds,
    ])
    const failed = { ...row, met: 'missed' as const, measured: `${failures.length} of ${CALLS} failed` }
    rows.push(failures.length === 0 ? row : failed)
  }
  return rows
}
