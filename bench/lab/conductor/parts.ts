import { randomBytes } from 'node:crypto'
import type { Part } from '../generator/orders.ts'
import type { MixItem, Scenario } from '../scenario.ts'
import type { Site } from '../site.ts'
import type { Run } from '../run.ts'

const USERS_PER_PROCESS = 2000

/** The run in parts, one for each generator. Throws where the site does not offer what the mix asks for. */
export function partsOf({ scenario, site, relay, processes }: Run): Part[] {
  const missing = missingDoors(scenario.mix, site)
  if (missing.length > 0)
    throw new Error(`${site.name} does not offer what the scenario asks for: ${missing.join(', ')}`)
  if (site.clients.length === 0) throw new Error(`${site.name} can be asked by no kind of client`)
  const users = scenario.loop.users + scenario.controlUsers
  const of = Math.min(processes ?? Math.ceil(users / USERS_PER_PROCESS), scenario.loop.users)
  const control = relay === null ? null : { site: relay, scenario: controlScenario(scenario, relay) }
  const run = randomBytes(4).toString('hex')
  return Array.from({ length: of }, (_, index) => ({ scenario, site, control, index, of, run }))
}

function missingDoors(mix: readonly MixItem[], site: Site): string[] {
  const missing = mix.flatMap((item) => {
    if (!('at' in item)) return []
    const doors = site.doors[item.at] ?? []
    const needed = NEEDED[item.request]
    return doors.length > 0 && doors.every((door) => door[needed].length > 0) ? [] : [`${item.request} at ${item.at}`]
  })
  return [...new Set(missing)]
}

const NEEDED = { call: 'tools', list: 'tools', read: 'resources', prompt: 'prompts' } as const

/** What the control users ask: the calls and lists of the mix, at whatever door the relay has; always in a closed loop. */
function controlScenario(scenario: Scenario, relay: Site): Scenario {
  const [at] = (['aggregate', 'gateway', 'server'] as const).filter((door) => (relay.doors[door] ?? []).length > 0)
  const mix = scenario.mix.flatMap((item) =>
    at !== undefined && (item.request === 'call' || item.request === 'list') ? [{ ...item, at }] : [],
  )
  const thinkSeconds = scenario.loop.kind === 'closed' ? scenario.loop.thinkSeconds : ([5, 15] as const)
  return {
    ...scenario,
    mix,
    streams: 0,
    failures: [],
    loop: { kind: 'closed', users: mix.length === 0 ? 0 : scenario.controlUsers, thinkSeconds },
  }
}
