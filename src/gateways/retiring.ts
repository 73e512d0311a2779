import { isDeepStrictEqual } from 'node:util'
import type { CatalogGateway } from '#/catalog/model.ts'
import type { Retirement, SealedLaunch } from '#/stdio/launch.ts'

export interface RetiringOptions {
  readonly snapshot: () => { readonly seq: number; gateways(): Iterable<CatalogGateway> }
  readonly tell: (retirement: Retirement) => void
  readonly everyMs?: number
}

type Known = ReadonlyMap<string, { readonly launch: SealedLaunch; readonly enabled: boolean }>

const EVERY_MS = 250

/** Tells of every server that is started by a command when its gateway is changed, switched off or deleted: it is to end then. */
export function retireServers({ snapshot, tell, everyMs = EVERY_MS }: RetiringOptions): Disposable {
  let seq = -1
  let known: Known = new Map()
  const look = (): void => {
    const current = snapshot()
    if (current.seq === seq) return
    seq = current.seq
    const now = launchesIn(current.gateways())
    for (const retirement of retired(known, now)) tell(retirement)
    known = now
  }
  look()
  const timer = setInterval(look, everyMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
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
      yield { gatewayId, version: next.launch.version - 1, gone: false }
  }
}
