import type { Owned, Principal } from '#/access/principal.ts'
import { pace, type Pace } from '#/lib/pace.ts'
import { candidatesOf, type Candidate, type SearchedKind } from './search-candidates.ts'
import type { Snapshot } from './snapshot.ts'

export interface Searching {
  /** Each has to be there, in a name or in what is said of the thing; none: everything fits. */
  readonly words: readonly string[]
  readonly kinds: readonly SearchedKind[]
  readonly who: Principal
  /** So many of each kind. */
  readonly limit: number
  readonly includeInactive: boolean
  /** null: of any gateway. */
  readonly gatewayIds: ReadonlySet<string> | null
  readonly teamId: string | null
  /** Ids of what bears a tag that is asked for; null: none is. */
  readonly tagged: ReadonlySet<string> | null
}

/** Whatever fits, the best first: what is called so, what begins so, what has it in its name, what is said to do it. */
export async function searchCatalog(
  snapshot: Snapshot,
  searching: Searching,
): Promise<ReadonlyMap<SearchedKind, readonly Candidate[]>> {
  const slice = pace()
  const found = new Map<SearchedKind, readonly Candidate[]>()
  for (const kind of searching.kinds) found.set(kind, await searchKind(snapshot, kind, { searching, slice }))
  return found
}

interface Going {
  readonly searching: Searching
  readonly slice: Pace
}

async function searchKind(snapshot: Snapshot, kind: SearchedKind, { searching, slice }: Going): Promise<Candidate[]> {
  const best = new Best(searching.limit)
  const words = searching.words.map((word) => word.toLowerCase())
  const phrase = words.join(' ')
  for (const one of candidatesOf(snapshot, kind, searching.who)) {
    if (slice.due()) await slice.rest()
    const rank = rankOf(one.names, words, phrase)
    if (rank !== null && isWanted(one, searching)) best.add(rank, one)
  }
  // What is said of things is read only where their names do not tell enough: it is most of what there is.
  if (best.isFull) return best.inOrder()
  const said = sayingOf(words)
  for (const one of candidatesOf(snapshot, kind, searching.who)) {
    if (slice.due()) await slice.rest()
    if (said(one) && rankOf(one.names, words, phrase) === null && isWanted(one, searching)) best.add(SAID, one)
  }
  return best.inOrder()
}

const SAID = 4

/** null: not all words are in its names. */
function rankOf(names: readonly string[], words: readonly string[], phrase: string): number | null {
  const lower = names.map((name) => name.toLowerCase())
  if (lower.includes(phrase)) return 0
  if (lower.some((name) => name.startsWith(phrase))) return 1
  if (lower.some((name) => name.includes(phrase))) return 2
  return words.every((word) => lower.some((name) => name.includes(word))) ? 3 : null
}

/** A look at the raw text is cheap; only what has the words somewhere is read. */
function sayingOf(words: readonly string[]): (one: Candidate) => boolean {
  const plain = words.every((word) => /^[ -~]*$/.test(word) && !/["\\]/.test(word))
  const patterns = plain ? words.map((word) => new RegExp(RegExp.escape(word), 'i')) : []
  return (one) => {
    if (patterns.some((pattern) => !pattern.test(one.raw) && !one.names.some((name) => pattern.test(name))))
      return false
    const texts = [...one.names, one.description()].map((text) => text.toLowerCase())
    return words.every((word) => texts.some((text) => text.includes(word)))
  }
}

function isWanted(one: Candidate, { who, includeInactive, gatewayIds, teamId, tagged }: Searching): boolean {
  if (!one.enabled && !includeInactive) return false
  if (gatewayIds !== null && (one.gatewayId === null || !gatewayIds.has(one.gatewayId))) return false
  if (tagged !== null && !tagged.has(one.id)) return false
  const { owned } = one
  if (owned === null) return teamId === null || one.id === teamId
  return (teamId === null || owned.teamId === teamId) && sees(who, owned)
}

const sees = ({ visibilityClass }: Principal, thing: Owned): boolean => visibilityClass.sees(thing)

interface Ranked {
  readonly rank: number
  readonly name: string
  readonly one: Candidate
}

const isBefore = (a: Ranked, b: Ranked): boolean => (a.rank === b.rank ? a.name < b.name : a.rank < b.rank)

/** The first few of very many. */
class Best {
  readonly #limit: number
  readonly #ranked: Ranked[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get isFull(): boolean {
    return this.#ranked.length >= this.#limit
  }

  add(rank: number, one: Candidate): void {
    const ranked = { rank, name: one.names[0] ?? '', one }
    const last = this.#ranked.at(-1)
    if (this.isFull && last !== undefined && !isBefore(ranked, last)) return
    if (this.isFull) this.#ranked.pop()
    const at = this.#ranked.findIndex((other) => isBefore(ranked, other))
    this.#ranked.splice(at === -1 ? this.#ranked.length : at, 0, ranked)
  }

  inOrder(): Candidate[] {
    return this.#ranked.map(({ one }) => one)
  }
}
