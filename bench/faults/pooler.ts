import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '../../test/support/processes.ts'
import { until } from '../../test/faults/site.ts'
import type { Fault } from './fault.ts'
import { takeConnections, type Held } from './hold-connections.ts'
import { outage, recovery } from './outage.ts'
import { pooledSite, type PooledSite } from './own-server.ts'
import { underLoad } from './under-load.ts'

const NEEDS = ['postgres15', 'pgbouncer'] as const

/** Gone and back at once, as with a restart of the service. */
function restarted(name: string, what: string, signal: NodeJS.Signals): Fault {
  const again = async ({ pooler, gateway }: PooledSite) => {
    const { pid } = pooler
    const since = Date.now()
    process.kill(pid, signal)
    await until('it has ended', () => processTree(pid).length === 0, 5_000)
    await pooler.restart()
    const findings = await recovery(gateway)
    // Long enough for the load to be seen on the new connections.
    await sleep(500)
    return { since, refused: [], findings }
  }
  const run = async () => {
    await using site = await pooledSite()
    return await underLoad(site, name, () => again(site))
  }
  return { name, what, needs: NEEDS, run }
}

const away: Fault = {
  name: 'pooler away',
  what: 'SIGKILL to PgBouncer, which is started again after four seconds',
  needs: NEEDS,
  short: true,
  run: async () => {
    await using site = await pooledSite()
    return await outage(site, {
      name: 'pooler away',
      begin: () => {
        process.kill(site.pooler.pid, 'SIGKILL')
      },
      end: () => site.pooler.restart(),
      reason: { must: 'has not answered', form: /has not answered/ },
    })
  },
}

const MAX_CLIENTS = 30

const full: Fault = {
  name: 'pooler full',
  what: 'others take the places of all clients that PgBouncer lets in, ours too',
  needs: NEEDS,
  run: async () => {
    await using site = await pooledSite(MAX_CLIENTS)
    let others: Held | undefined
    return await outage(site, {
      name: 'pooler full',
      begin: async () => {
        others = await crowdOut(site)
      },
      end: async () => await others?.[Symbol.asyncDispose](),
      reason: { must: 'gives no more connections', form: /gives no more connections/ },
    })
  },
}

/** The gateway is cut off on the way until others have taken every place. */
async function crowdOut({ pooler, relay }: PooledSite): Promise<Held> {
  relay.set('closed')
  const others = await takeConnections(pooler.url)
  relay.set('open')
  return others
}

/** PgBouncer goes away and comes back, or has no room. */
export const POOLER_FAULTS: readonly Fault[] = [
  restarted('pooler restarted', 'SIGINT to PgBouncer, as its service does, and started again at once', 'SIGINT'),
  restarted('pooler killed', 'SIGKILL to PgBouncer, and started again at once', 'SIGKILL'),
  away,
  full,
]
