import type { CatalogGateway } from '#/catalog/model.ts'
import type { UpstreamContext } from './options.ts'
import { Peer } from './peer.ts'

const SWEEP_MS = 5000
/** A peer without calls and sessions for this long is dropped; what disappeared from the catalog goes this way. */
const QUIET_MS = 60_000

/** One peer per gateway, in the newest version of its settings that a call came with. */
export class Peers implements Disposable {
  readonly #peers = new Map<string, Peer>()
  readonly #context: UpstreamContext
  readonly #sweeper: NodeJS.Timeout

  constructor(context: UpstreamContext) {
    this.#context = context
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#sweeper.unref()
  }

  get size(): number {
    return this.#peers.size
  }

  for(gateway: CatalogGateway): Peer {
    const known = this.#peers.get(gateway.id)
    if (known !== undefined && known.version === gateway.version && known.transport === gateway.transport) return known
    const peer = new Peer(gateway, this.#context)
    known?.[Symbol.dispose]()
    this.#peers.set(gateway.id, peer)
    return peer
  }

  /** Nothing of it stays open but the calls that run. */
  #forget(gatewayId: string): void {
    this.#peers.get(gatewayId)?.[Symbol.dispose]()
    this.#peers.delete(gatewayId)
  }

  #sweep(): void {
    const oldest = performance.now() - QUIET_MS
    for (const [id, peer] of this.#peers) {
      peer.sweep()
      if (peer.quiet && peer.usedAt < oldest) this.#forget(id)
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeper)
    for (const id of this.#peers.keys()) this.#forget(id)
  }
}
