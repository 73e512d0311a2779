import type { Principal } from '#/access/principal.ts'
import { UnderWay } from '#/access/under-way.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'

/** Tokens and roles also end by the clock, of which no change tells. */
const EVERY_MS = 500

/** What is under way on this worker, reviewed as soon as its snapshot knows of other people, teams, roles or tokens. */
export function reviewing(catalog: OpenCatalog, again: (principal: Principal) => Principal): UnderWay & Disposable {
  const underWay = new UnderWay(again)
  const review = (): void => void underWay.review()
  catalog.onPeople(review)
  const timer = setInterval(review, EVERY_MS).unref()
  return Object.assign(underWay, { [Symbol.dispose]: () => clearInterval(timer) })
}
