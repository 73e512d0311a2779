/** Calls of one token, one after the other within an hour: as one or, of many, together. */
interface Piece {
  /** Of the last of them. */
  readonly n: number
  /** When its hour began, ms since the epoch: every span that is counted begins with one. */
  readonly hour: number
  readonly calls: number
}

interface Pending {
  readonly pieces: Piece[]
  /** Their calls by the hour: every request with the token asks for them. */
  readonly hours: Map<number, number>
}

/** So many pieces of all tokens: some megabytes. */
const MOST = 50_000
const HOUR_MS = 3_600_000

/**
 * Calls of this worker that are not known to be stored. While the database is away they may be very many: then those whose numbers lie
 * close together are kept as one, which counts until the last of them is stored. For as long as some of a piece are stored and some are
 * not, more is counted than there was, never less.
 */
export class PendingCalls {
  readonly #byToken = new Map<string, Pending>()
  readonly #most: number
  #room: number
  #pieces = 0

  constructor(most = MOST) {
    this.#most = most
    this.#room = most
  }

  get pieces(): number {
    return this.#pieces
  }

  /** The worker's record `n`, a larger number each time. */
  add(tokenId: string, n: number, at: number): void {
    const hour = at - (at % HOUR_MS)
    const { pieces, hours } = this.#byToken.get(tokenId) ?? { pieces: [], hours: new Map<number, number>() }
    if (pieces.length === 0) this.#byToken.set(tokenId, { pieces, hours })
    pieces.push({ n, hour, calls: 1 })
    hours.set(hour, (hours.get(hour) ?? 0) + 1)
    if (++this.#pieces > this.#room) this.#squeeze(n)
  }

  has(tokenId: string): boolean {
    return this.#byToken.has(tokenId)
  }

  /** How many there were since a time at which an hour began. */
  since(tokenId: string, from: number): number {
    let all = 0
    for (const [hour, calls] of this.#byToken.get(tokenId)?.hours ?? []) if (hour >= from) all += calls
    return all
  }

  /** Records up to `lastN` are stored. */
  stored(lastN: number): void {
    this.#each((pieces) => pieces.filter(({ n }) => n > lastN))
  }

  /** Into ever larger pieces, until half of the room is free. Of more tokens than that each keeps one for its hour. */
  #squeeze(lastN: number): void {
    for (let span = 64; this.#pieces > this.#most / 2 && span < lastN * 64; span *= 8)
      this.#each((pieces) => joined(pieces, span))
    this.#room = Math.max(this.#most, this.#pieces * 2)
  }

  #each(change: (pieces: readonly Piece[]) => Piece[]): void {
    this.#pieces = 0
    for (const [tokenId, pending] of this.#byToken) {
      const pieces = change(pending.pieces)
      this.#pieces += pieces.length
      if (pieces.length === 0) this.#byToken.delete(tokenId)
      else this.#byToken.set(tokenId, { pieces, hours: hoursOf(pieces) })
    }
  }
}

function hoursOf(pieces: readonly Piece[]): Map<number, number> {
  const hours = new Map<number, number>()
  for (const { hour, calls } of pieces) hours.set(hour, (hours.get(hour) ?? 0) + calls)
  return hours
}

/** Neighbours of one hour whose numbers lie in one span. */
function joined(pieces: readonly Piece[], span: number): Piece[] {
  const left: Piece[] = []
  for (const piece of pieces) {
    const last = left.at(-1)
    const isNear = last?.hour === piece.hour && Math.floor(last.n / span) === Math.floor(piece.n / span)
    if (last !== undefined && isNear) left[left.length - 1] = { ...piece, calls: last.calls + piece.calls }
    else left.push(piece)
  }
  return left
}
