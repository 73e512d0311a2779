import type { ItemKind, OfferedThing, Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import type { Pace } from '#/lib/pace.ts'
import { itemsOf, offered, type Offer, type Side } from './effect-side.ts'
import type { Snapshot } from './snapshot.ts'

/** Items that are alike, before and after, in all that decides about them: whoever may use one of them may use all. */
export interface Cell {
  readonly before: Offer
  readonly after: Offer
  /** One or the other is not as in the snapshot. */
  readonly isOther: boolean
  readonly items: OfferedThing[]
}

/** What is compared, and for whom: who cannot see a thing is told nothing of it. */
export interface Compared {
  readonly snapshot: Snapshot
  readonly before: Side
  readonly after: Side
  /** What is otherwise on either side: what matters is which ids. */
  readonly other: Required<Otherwise>
  readonly kind: ItemKind
  readonly asking: Principal
  readonly slice: Pace
}

/** Cells of everything that is offered, or only of what is otherwise. */
export async function offeredCells(compared: Compared, onlyOther: boolean): Promise<readonly Cell[]> {
  const { snapshot, other, kind, slice } = compared
  const cells = new Cells(compared)
  for (const item of itemsOf(snapshot, kind)) {
    if (slice.due()) await slice.rest()
    const isOther = other.items.has(item.id) || other.gateways.has(item.gatewayId)
    if (isOther) cells.add(compared.before.item(item.id), compared.after.item(item.id), true)
    else if (!onlyOther) {
      const same = offered(kind, item)
      cells.add(same, same, false)
    }
  }
  for (const id of other.items.keys()) {
    if (slice.due()) await slice.rest()
    const [before, after] = [compared.before.item(id), compared.after.item(id)]
    const isKnown = snapshot[kind](id) !== undefined
    if (!isKnown && (before ?? after)?.kind === kind) cells.add(before, after, true)
  }
  return cells.all()
}

/** Cells of what a virtual server selects, before or after. */
export async function selectedCells(compared: Compared, serverId: string): Promise<readonly Cell[]> {
  const { before, after, kind, slice, other } = compared
  const [was, is] = [before.server(serverId)?.items ?? NONE, after.server(serverId)?.items ?? NONE]
  const cells = new Cells(compared)
  for (const id of new Set([...was, ...is])) {
    if (slice.due()) await slice.rest()
    const [had, has] = [before.item(id), after.item(id)]
    if ((had ?? has)?.kind !== kind) continue
    const isOther =
      was.has(id) !== is.has(id) || other.items.has(id) || other.gateways.has((had ?? has)?.gatewayId ?? '')
    cells.add(was.has(id) ? had : undefined, is.has(id) ? has : undefined, isOther)
  }
  return cells.all()
}

const NONE: ReadonlySet<string> = new Set()

class Cells {
  readonly #compared: Compared
  readonly #byKey = new Map<string, Cell | null>()

  constructor(compared: Compared) {
    this.#compared = compared
  }

  add(had: OfferedThing | undefined, has: OfferedThing | undefined, isOther: boolean): void {
    const shown = has ?? had
    if (shown === undefined) return
    const key = `${keyOf(had)}|${had === has ? '' : keyOf(has)}|${isOther}`
    let cell = this.#byKey.get(key)
    if (cell === undefined) this.#byKey.set(key, (cell = this.#made(had, has, isOther)))
    cell?.items.push(shown)
  }

  all(): readonly Cell[] {
    return [...this.#byKey.values()].filter((cell) => cell !== null)
  }

  #made(had: OfferedThing | undefined, has: OfferedThing | undefined, isOther: boolean): Cell | null {
    const { before, after, asking } = this.#compared
    const offers = {
      before: { item: had, gateway: had && before.gateway(had.gatewayId) },
      after: { item: has, gateway: has && after.gateway(has.gatewayId) },
    }
    const sees = ({ item, gateway }: Offer): boolean =>
      item !== undefined &&
      gateway !== undefined &&
      asking.visibilityClass.sees(item) &&
      asking.visibilityClass.sees(gateway)
    return sees(offers.before) || sees(offers.after) ? { ...offers, isOther, items: [] } : null
  }
}

function keyOf(item: OfferedThing | undefined): string {
  if (item === undefined) return '-'
  return `${item.gatewayId} ${item.ownerId} ${item.teamId} ${item.visibility} ${item.enabled}`
}
