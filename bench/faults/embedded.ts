import { embeddedUrl } from '../../test/faults/site.ts'
import { startSlowServer } from '../../test/fixtures/slow-server.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import type { Fault, Finding } from './fault.ts'
import { exactly } from './findings.ts'
import { recovery } from './outage.ts'
import { underLoad } from './under-load.ts'

/** The one that all its other processes come from: it is next to the supervisor. */
function postmasterOf(gateway: RunningGateway): number {
  const found = gateway.processes().find(({ isPostgres }) => isPostgres)
  if (found === undefined) throw new Error('the gateway runs no PostgreSQL')
  return found.pid
}

async function run(): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack()
  const upstream = stack.use(await startSlowServer())
  const gateway = stack.use(await startGateway({ env: { CAUSEWAY_WORKERS: '2' } }))
  const { slug } = await gateway.register('faulty', upstream.at('legacy'))
  const site = { gateway, databaseUrl: await embeddedUrl(gateway), echo: `${slug}-echo` }
  return await underLoad(site, 'embedded', async () => {
    const pid = postmasterOf(gateway)
    const since = Date.now()
    process.kill(pid, 'SIGKILL')
    const findings = await recovery(gateway)
    const again = postmasterOf(gateway) === pid ? 'the same' : 'another'
    return { since, refused: [], findings: [...findings, exactly('PostgreSQL afterwards', 'another', again)] }
  })
}

export const embeddedKilled: Fault = {
  name: 'embedded killed',
  what: 'SIGKILL to the PostgreSQL that the gateway brought along and runs itself',
  short: true,
  run,
}
