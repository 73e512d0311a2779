import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Offer, OfferReport, Taken } from './offer.ts'

/** A process that offers load at a rate, for one measurement after another. */
export class Offering implements Disposable {
  readonly #child = fork(join(import.meta.dirname, 'offer.ts'))

  /** `begun` is called when the window begins. */
  async run(offer: Offer, begun: () => void = () => {}): Promise<Readonly<Record<string, Taken>>> {
    this.#child.send(offer)
    for (;;) {
      const [report] = (await once(this.#child, 'message')) as [OfferReport]
      if (report.kind === 'failed') throw new Error(report.why)
      if (report.kind === 'begin') begun()
      else return report.taken
    }
  }

  [Symbol.dispose](): void {
    this.#child.disconnect()
  }
}
