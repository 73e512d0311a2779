import { startProbedGateway, type Memory } from '../sizing/probed-gateway.ts'
import { THINGS, type Thing } from '../sizing/things.ts'
import { note, type Row } from '../table.ts'
import type { Bench, Scenario } from './scenario.ts'

const KB = 1000

/** Memory before, with half of them and with all. What the first ones take that stays for all is in none of it. */
async function measured(bench: Bench, { count, add }: Thing, database: string): Promise<readonly Memory[]> {
  await using probed = await startProbedGateway(database)
  await using kept = new AsyncDisposableStack()
  await probed.gateway.register('sizing', `${bench.upstream}/modern/sizing`)
  const place = { gateway: probed.gateway, kept }
  await add(place, count / 20)
  const found = [await probed.memory()]
  for (const half of [count / 2, count / 2]) {
    await add(place, half)
    found.push(await probed.memory())
  }
  return found
}

/** What one more costs, between the first two points and between the last two: alike where memory grows evenly. */
function slopes({ count, per }: Thing, found: readonly Memory[], of: keyof Memory): number[] {
  return found.slice(1).map((memory, index) => ((memory[of] - (found[index]?.[of] ?? 0)) / (count / 2)) * (per / KB))
}

/** What there may be many of, and the memory that each takes. */
export const sizing: Scenario = async (bench) => {
  const rows: Row[] = []
  for (const [index, thing] of THINGS.entries()) {
    bench.say(`sizing: ${thing.name}, ${thing.count / 2} and ${thing.count}`)
    const found = await measured(bench, thing, await bench.postgres.another(`sizing_${index}`))
    rows.push(
      note(`memory of each ${thing.name}: objects`, ' kB', slopes(thing, found, 'kept'), 1),
      note(`memory of each ${thing.name}: resident`, ' kB', slopes(thing, found, 'resident'), 1),
    )
  }
  return rows
}
