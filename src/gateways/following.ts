import type { GatewayId } from '#/access/ids.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import { pause } from '#/lib/backoff.ts'
import { outage } from '#/lib/outage.ts'
import type { CareDeps } from './care.ts'
import type { FollowedGateway, Follower } from './discovery.ts'
import type { KeepingLog } from './keeping.ts'
import { refresh, refreshable, targetOf } from './refresh.ts'

/** What following needs of leases: who has one works, and it ends by itself. */
export interface FollowLease {
  claim(name: string, holder: string, ms: number): Promise<boolean>
  release(name: string, holder: string): Promise<void>
}

export interface FollowingOptions extends CareDeps {
  readonly follower: Follower
  readonly leases: FollowLease
  /** The newest snapshot. */
  readonly snapshot: () => { readonly seq: number; gateways(): Iterable<CatalogGateway> }
  readonly log: KeepingLog
  readonly everyMs?: number
}

const LEASE = 'gateways.follow'
/** Another follows within ten seconds of the end of whoever did, the next claim included. */
const LEASE_MS = 8_000
const EVERY_MS = 1_000
/** Several lists that change together cost one discovery. */
const SETTLE_MS = 300

/** Follows the changes of all gateways in one worker of all: whoever has the lease. A change is in the store a second later. */
export function followGateways(options: FollowingOptions): AsyncDisposable {
  const stop = new AbortController()
  const refresher = new Refresher(options, stop.signal)
  const done = loop(options, refresher, stop.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await done
      await refresher.idle()
    },
  }
}

async function loop(options: FollowingOptions, refresher: Refresher, stop: AbortSignal): Promise<void> {
  const { follower, leases, holder, log, everyMs = EVERY_MS } = options
  const claims = outage()
  let followed = -1
  while (!stop.aborted) {
    const mine = await leases.claim(LEASE, holder, LEASE_MS).then(
      (got) => {
        claims.worked()
        return got
      },
      (err: unknown) => {
        if (claims.failed())
          log.error({ event: 'gateway.follow_failed', err }, 'the lease for following changes cannot be had')
        // With the database away nobody else can take it either; what is followed stays followed.
        return followed >= 0
      },
    )
    const { seq } = options.snapshot()
    if (mine && seq !== followed) follower.follow(toFollow(options, refresher))
    if (!mine && followed >= 0) follower.follow([])
    followed = mine ? seq : -1
    await pause(everyMs, stop).catch(() => {})
  }
  follower.follow([])
  if (followed >= 0) await leases.release(LEASE, holder).catch(() => {})
}

function toFollow(options: FollowingOptions, refresher: Refresher): readonly FollowedGateway[] {
  return [...options.snapshot().gateways()].flatMap((gateway) => {
    const { id, version, era, revision, capabilities } = gateway
    if (!gateway.enabled || !gateway.reachable || era === null || revision === null) return []
    const target = targetOf(options, gateway)
    return [
      { id, version, target, era, revision, capabilities: capabilities ?? '{}', changed: () => refresher.soon(id) },
    ]
  })
}

/** Runs the re-discoveries that changes ask for: one per gateway at a time, and once more where a change came in between. */
class Refresher {
  readonly #options: FollowingOptions
  readonly #stop: AbortSignal
  readonly #running = new Map<GatewayId, Promise<void>>()
  readonly #again = new Set<GatewayId>()

  constructor(options: FollowingOptions, stop: AbortSignal) {
    this.#options = options
    this.#stop = stop
  }

  soon(id: GatewayId): void {
    if (this.#stop.aborted) return
    if (this.#running.has(id)) {
      this.#again.add(id)
      return
    }
    const run = this.#run(id).finally(() => {
      this.#running.delete(id)
      if (this.#again.delete(id)) this.soon(id)
    })
    this.#running.set(id, run)
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running.values())
  }

  async #run(id: GatewayId): Promise<void> {
    try {
      await pause(SETTLE_MS, this.#stop)
      // What changed until now is seen by this look; what changes while it runs asks for another.
      this.#again.delete(id)
      const gateway = await this.#options.store.byId(id)
      if (gateway?.enabled !== true) return
      await refresh(this.#options, refreshable(this.#options, gateway), { signal: this.#stop, actor: null })
    } catch (err) {
      if (this.#stop.aborted) return
      this.#options.log.error({ event: 'gateway.refresh_failed', gatewayId: id, err }, 'a change could not be followed')
    }
  }
}
