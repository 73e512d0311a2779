import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { processTree } from '../../test/support/processes.ts'
import type { Fault, Finding } from './fault.ts'
import { NOT_TRIED, noted } from './findings.ts'
import { holdConnections, type Held } from './hold-connections.ts'
import { outage } from './outage.ts'
import { ownServerSite, type OwnServerSite } from './own-server.ts'

const MB = 1 << 20

/** Everything at once, as when its machine loses power; only its disk is left. */
const killed: Fault = {
  name: 'server killed',
  what: 'SIGKILL to all of PostgreSQL 15, which is started again after four seconds and recovers from its log',
  needs: ['postgres15'],
  run: async () => {
    await using site = await ownServerSite()
    const { postgres } = site
    return await outage(site, {
      name: 'server killed',
      begin: () => {
        for (const { pid } of processTree(postgres.pid)) process.kill(pid, 'SIGKILL')
      },
      end: () => postgres.restart(),
      reason: { must: 'has not answered', form: /has not answered/ },
    })
  },
}

const canMount = process.getuid?.() === 0

/** A gateway on a server that has little of anything. */
const crampedSite = (): Promise<OwnServerSite> =>
  ownServerSite({
    settings: { max_connections: '20', superuser_reserved_connections: '0' },
    ...(canMount && { diskBytes: 160 * MB }),
  })

/** As others fill a disk that they share: to the last block. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (const size of [MB, 4096]) {
    const block = Buffer.alloc(size)
    try {
      for (;;) await file.write(block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

const diskFull: Fault = {
  name: 'disk full',
  what: "PostgreSQL's disk, a small one of its own, is filled to the last block by somebody else",
  needs: ['postgres15'],
  short: true,
  run: async (lab): Promise<readonly Finding[]> => {
    if (!canMount) return [noted(NOT_TRIED, 'only root can mount a small disk')]
    const site = await lab.shared(crampedSite)
    const filler = join(site.postgres.folder, 'filler')
    return await outage(site, {
      name: 'disk full',
      begin: () => fill(filler),
      end: () => rm(filler),
      reason: { must: 'the disk … is full', form: /the disk of the database is full/ },
      // What fits into pages that are there already is stored.
      partial: true,
    })
  },
}

const noConnections: Fault = {
  name: 'too many connections',
  what: 'our connections are ended, and others take all that the server has',
  needs: ['postgres15'],
  short: true,
  run: async (lab) => {
    const site = await lab.shared(crampedSite)
    let others: Held | undefined
    return await outage(site, {
      name: 'too many connections',
      begin: async () => {
        others = await holdConnections(site.databaseUrl)
      },
      end: async () => await others?.[Symbol.asyncDispose](),
      reason: { must: 'gives no more connections', form: /gives no more connections/ },
    })
  },
}

/** What happens to a PostgreSQL of one's own, or to its disk. */
export const SERVER_FAULTS: readonly Fault[] = [killed, diskFull, noConnections]
