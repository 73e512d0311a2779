import { conduct } from './conductor/conduct.ts'
import type { Results } from './results.ts'
import { watchDatabase, type DatabaseWatchOptions } from './sampler/watch-database.ts'
import { watchProcesses, type ProcessWatchOptions } from './sampler/watch-processes.ts'
import type { Scenario } from './scenario.ts'
import type { Live } from './show/live.ts'
import { gatewaySite } from './sites/gateway-site.ts'
import { LIST_LENGTH, startSimulatorProgram } from './sites/program.ts'
import { relaySite } from './sites/relay-site.ts'

/** A scenario, and the gateway that it is run against. */
export interface Load {
  readonly scenario: Scenario
  readonly gateway: {
    readonly name: string
    readonly url: string
    /** An administrator's. */
    readonly token: string
    /** It goes with all it has: nothing is removed there in the end. */
    readonly keep?: boolean
  }
  /** Where its database is looked at; null: it is not. */
  readonly database: DatabaseWatchOptions | null
  /** Where its processes are looked at; null: they are not. */
  readonly watched: ProcessWatchOptions | null
  /** Processes that make the load; null: as many as the users need. */
  readonly generators: number | null
  readonly live: Live
  /** During the preparation it ends everything; during the run, what has been measured until then is the result. */
  readonly stop: AbortSignal
}

/** Prepares the gateway, runs the scenario, and leaves the gateway as it was. */
export async function runLoad({ scenario, gateway, live, stop, ...load }: Load): Promise<Results> {
  await using parts = new AsyncDisposableStack()
  live.say(`preparing ${gateway.name} for “${scenario.name}”: ${scenario.about}`)
  const simulator = parts.use(await startSimulatorProgram(LIST_LENGTH))
  const { site } = parts.use(
    await gatewaySite({ ...gateway, simulator: simulator.url, scenario, say: live.say, signal: stop }),
  )
  const servers = scenario.upstreams.legacy + scenario.upstreams.modern
  const relay =
    scenario.controlUsers === 0
      ? null
      : parts.use(await relaySite({ simulator: simulator.url, servers, listLength: servers * LIST_LENGTH })).site
  const database = load.database === null ? null : parts.use(await watchDatabase(load.database))
  const watched = load.watched === null ? null : parts.use(watchProcesses(load.watched))
  live.say(`${scenario.loop.users} users arrive within ${scenario.rampSeconds} s; ${scenario.seconds} s are measured`)
  return await conduct({
    scenario,
    site,
    relay,
    processes: load.generators,
    database,
    gateway: watched,
    progress: (tick) => live.tick(tick, scenario),
    stop,
  })
}
