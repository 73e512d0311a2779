import { startExactServer, type ExactServer, type Reply } from '../fixtures/exact-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { openRawClient, type Era, type RawClient } from '../support/raw-client.ts'

/** The client's era, then the upstream's. */
export const CELLS = ['legacy to legacy', 'legacy to modern', 'modern to legacy', 'modern to modern'] as const
export type Cell = (typeof CELLS)[number]

export const clientEra = (cell: Cell): Era => cell.split(' ')[0] as Era
export const upstreamEra = (cell: Cell): Era => cell.split(' ')[2] as Era

/** One upstream of each era that says the same, a gateway before both, and a client of each era for each way to them. */
export interface Cells extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly upstreams: Readonly<Record<Era, ExactServer>>
  readonly direct: Readonly<Record<Era, RawClient>>
  readonly through: Readonly<Record<Cell, RawClient>>
  /** The gateway's ids of the upstreams. */
  readonly ids: Readonly<Record<Era, string>>
}

/** What an upstream says, where that depends on its era. */
export type RepliesOf = (era: Era) => ReadonlyMap<string, Reply>

export async function startCells(repliesOf: RepliesOf): Promise<Cells> {
  await using building = new AsyncDisposableStack()
  const legacy = building.use(await startExactServer('legacy', repliesOf('legacy')))
  const modern = building.use(await startExactServer('modern', repliesOf('modern')))
  const gateway = building.use(await startGateway())
  const ids = {
    legacy: (await gateway.register('exact-legacy', legacy.url)).id,
    modern: (await gateway.register('exact-modern', modern.url)).id,
  }
  const open = async (era: Era, url: string, token?: string) =>
    building.use(await openRawClient({ url, era, ...(token !== undefined && { token }) }))
  const through = Object.fromEntries(
    await Promise.all(
      CELLS.map(async (cell) => {
        const url = `${gateway.url}/gateways/${ids[upstreamEra(cell)]}/mcp`
        return [cell, await open(clientEra(cell), url, gateway.token)]
      }),
    ),
  ) as Record<Cell, RawClient>
  const direct = { legacy: await open('legacy', legacy.url), modern: await open('modern', modern.url) }
  const owned = building.move()
  return {
    gateway,
    upstreams: { legacy, modern },
    direct,
    through,
    ids,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
