import { isDeepStrictEqual } from 'node:util'
import type { CatalogGateway } from '#/catalog/model.ts'
import type { Retirement, SealedLaunch } from '#/stdio/launch.ts'

export interface RetiringOptions {
  readonly snapshot: () => { gateways(): Iterable<CatalogGateway> }
  /** Called for each snapshot: one that is made and deleted a moment later is in one of them alone. */
  readonly onChange: (changed: () => void) => Disposable
  readonly tell: (retirement: Retirement) => void
}

type Known = ReadonlyMap<string, { readonly launch: SealedLaunch; readonly enabled: boolean }>

/** Tells of every server that is started by a command when its gateway is changed, switched off or deleted: it is to end then. */
export function retireServers({ snapshot, onChange, tell }: RetiringOptions): Disposable {
  let known = launchesIn(snapshot().gateways())
  return onChange(() => {
    const now = launchesIn(snapshot().gateways())
    for (const retirement of retired(known, now)) tell(retirement)
    known = now
  })
}

function launchesIn(gateways: Iterable<CatalogGateway>): Known {
  const launches = new Map<string, { launch: SealedLaunch; enabled: boolean }>()
  for (const { id, stdio, enabled } of gateways) if (stdio !== null) launches.set(id, { launch: stdio, enabled })
  return launches
}

function* retired(before: Known, now: Known): Generator<Retirement> {
  for (const [gatewayId, { launch, enabled }] of before) {
    const next = now.get(gatewayId)
    if (next === undefined) yield { gatewayId, version: Number.MAX_SAFE_INTEGER, gone: true }
    else if (enabled && !next.enabled) yield { gatewayId, version: next.launch.version, gone: false }
    else if (!isDeepStrictEqual({ ...next.launch, version: launch.version }, launch))
      yield { gatewayId, version: next.launch.version - 1, gone: false, changed: true }
  }
}
