import { faultSite, ownPostgres, sql, type FaultSite, type OwnPostgres } from '../../test/faults/site.ts'
import type { Fault, Lab } from './fault.ts'
import { outage, recovery, type Outage } from './outage.ts'
import { spillFull } from './spill-full.ts'
import { underLoad } from './under-load.ts'

/** A gateway of two workers whose database can be cut off on the way, stopped in its tracks, and told what to be. */
export interface DatabaseSite extends FaultSite {
  readonly postgres: OwnPostgres
}

export async function databaseSite(): Promise<DatabaseSite> {
  await using building = new AsyncDisposableStack()
  const postgres = building.use(await ownPostgres())
  const site = building.use(await faultSite(await postgres.database()))
  const owned = building.move()
  return { ...site, postgres, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const AWAY = { must: 'has not answered', form: /has not answered/ }

async function readOnly(postgres: OwnPostgres, to: 'SET' | 'RESET'): Promise<void> {
  const value = to === 'SET' ? ' = on' : ''
  await sql(postgres.url, `ALTER SYSTEM ${to} default_transaction_read_only${value}`)
  await sql(postgres.url, 'SELECT pg_reload_conf()')
}

/** One fault of the database that all share. */
function databaseFault(fault: Omit<Fault, 'run'>, make: (site: DatabaseSite) => Omit<Outage, 'name'>): Fault {
  const run = async (lab: Lab) => {
    const site = await lab.shared(databaseSite)
    return await outage(site, { name: fault.name, ...make(site) })
  }
  return { ...fault, run }
}

/** Its server dies at once; whoever looks after it starts it again, and it recovers what it was doing. */
const killed: Fault = {
  name: 'database killed',
  what: 'SIGKILL to the server, which is started again and recovers',
  short: true,
  run: async (lab) => {
    const site = await lab.shared(databaseSite)
    return await underLoad(site, 'killed', async () => {
      const since = Date.now()
      process.kill(site.postgres.pid, 'SIGKILL')
      return { since, refused: [], findings: await recovery(site.gateway) }
    })
  },
}

/** The database goes away and comes back, in the ways that leave it whole. */
export const DATABASE_FAULTS: readonly Fault[] = [
  databaseFault({ name: 'database stopped', what: 'connections are cut and refused', short: true }, ({ relay }) => ({
    begin: () => relay.set('closed'),
    end: () => relay.set('open'),
    reason: AWAY,
  })),
  databaseFault(
    {
      name: 'database blackholed',
      what: 'connections stay, and nothing comes through in either direction',
      short: true,
    },
    ({ relay }) => ({ begin: () => relay.set('stalled'), end: () => relay.set('open'), reason: AWAY }),
  ),
  databaseFault({ name: 'database deaf', what: 'what is asked arrives, no answer comes back' }, ({ relay }) => ({
    begin: () => relay.set('deaf'),
    end: () => relay.set('open'),
    reason: AWAY,
  })),
  databaseFault({ name: 'database frozen', what: 'SIGSTOP to all its processes' }, ({ postgres }) => ({
    begin: () => postgres.signal('SIGSTOP'),
    end: () => postgres.signal('SIGCONT'),
    reason: AWAY,
  })),
  databaseFault(
    { name: 'database read-only', what: 'default_transaction_read_only, as after a failover', short: true },
    ({ postgres }) => ({
      begin: () => readOnly(postgres, 'SET'),
      end: () => readOnly(postgres, 'RESET'),
      reason: { must: 'is read-only', form: /is read-only/ },
    }),
  ),
  killed,
  spillFull,
]
