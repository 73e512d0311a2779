import { setTimeout as sleep } from 'node:timers/promises'
import type { Taken } from '../load/offer.ts'
import { Offering } from '../load/offering.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, noted, within } from './findings.ts'
import { neighbours } from './neighbours.ts'
import { makeToken } from './outage.ts'
import { CALL_MS, MOST_CONNECTIONS, REFUSALS, SPREAD_MS } from './overload.ts'

/** What the greedy one asks for: ten times what its places at one server are enough for. */
const GREEDY_PER_SECOND = 1_350
/** Its connections, too, are opened before anything is measured. */
const RISING_MS = 4_000
/** What others ask of the same server. */
const BESIDES = ['tools.read', 'servers.read', 'prompts.read']
const POLITE_MS = 200
const POLITE_PER_SECOND = 40

const goodput = ({ outcomes, seconds }: Taken): number => (outcomes['ok']?.count ?? 0) / seconds

async function run(lab: Lab): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  const windowMs = lab.short ? 2_500 : 6_000
  const names = BESIDES.map((each) => `with ${each}`)
  const streams = Object.fromEntries(
    await Promise.all(
      names.map(async (name, n) => {
        // Each may do something else besides, and so is a principal of its own.
        const { text: token } = await makeToken(site.gateway, name, ['tools.execute', BESIDES[n] ?? ''])
        return [name, { target: { ...site.good(POLITE_MS), token }, perSecond: POLITE_PER_SECOND }] as const
      }),
    ),
  )
  using polite = new Offering()
  const offer = { streams, warmUpMs: 500, windowMs }
  const alone = await polite.run(offer)
  using greedy = new Offering()
  // Their connections are there before the storm, as those of people at work are.
  const measuring = polite.run({ ...offer, warmUpMs: RISING_MS + 1_000 })
  await sleep(500)
  const stream = {
    target: site.good(CALL_MS, SPREAD_MS),
    perSecond: GREEDY_PER_SECOND,
    risingMs: RISING_MS,
    most: MOST_CONNECTIONS,
  }
  const storm = greedy.run({
    streams: { stream },
    warmUpMs: RISING_MS + 500,
    windowMs: windowMs + 500,
  })
  const beside = await measuring
  const taken = (await storm)['stream'] as Taken
  const shares = names.map((name) => (100 * goodput(beside[name] as Taken)) / goodput(alone[name] as Taken))
  const unlike = names.flatMap((name) => Object.keys((beside[name] as Taken).outcomes)).filter((each) => each !== 'ok')
  return [
    bounded(
      {
        figure: 'goodput of the others beside it, over alone; the least',
        must: 90,
        goal: 95,
        unit: ' %',
        atLeast: true,
      },
      Math.min(...shares),
    ),
    exactly('what else the others hear', 'nothing', [...new Set(unlike)].join(', ') || 'nothing'),
    least('refusals of the greedy one', 1_000, taken.outcomes['429']?.count ?? 0),
    within('p99 of those', REFUSALS, taken.outcomes['429']?.p99 ?? Number.NaN),
    exactly('that do not say when to come back', 0, taken.withoutRetryAfter),
    noted(
      'p99 of the others alone and beside it',
      names.map((name) => `${ms(alone[name])} and ${ms(beside[name])}`).join(', '),
    ),
    noted('answered to the greedy one a second', goodput(taken).toFixed(0)),
  ]
}

const ms = (taken: Taken | undefined): string => `${taken?.outcomes['ok']?.p99.toFixed(0)} ms`

export const greedy: Fault = {
  name: 'greedy principal',
  what: 'one principal asks for ten times its places at a server that three others use, too',
  short: true,
  run,
}
