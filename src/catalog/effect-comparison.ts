import type { Effects, Subject } from '#/access/effects.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import type { KnownUser } from '#/access/standing.ts'
import { offeredCells, selectedCells, type Cell, type Compared } from './effect-cells.ts'
import { isTouched, knows, tokensByUser, usersOn, type Span, type TokenOnSides } from './effect-people.ts'
import { mayEnter, mayUse } from './effect-side.ts'
import { Tally, type Page } from './effect-tally.ts'

/** The same caller before and after; null: it is not let in. */
interface Caller {
  readonly before: Principal | null
  readonly after: Principal | null
}

/** Whose access is compared, and as what it is told. */
interface Case {
  readonly caller: Caller
  readonly subject: Subject
  readonly isNamed: boolean
  /** What changes for this one alike goes without saying. */
  readonly unlike?: Caller
}

/** Questions to the function that decides, before and after: some ten seconds of them. */
const MOST_ASKED = 20_000_000

/** Goes through everybody whom a difference concerns, and counts what it changes. */
export class Comparison {
  readonly #compared: Compared
  readonly #told: Tally
  readonly #unnamed = new Tally({ offset: 0, limit: 0 })
  readonly #selected = new Map<string, Promise<readonly Cell[]>>()
  readonly #known
  #whole: Promise<readonly Cell[]> | undefined
  #others: readonly Cell[] = []
  #users = 0
  #asked = 0

  constructor(compared: Compared, page: Page) {
    this.#compared = compared
    this.#told = new Tally(page)
    this.#known = knows(compared.asking)
  }

  async run(sides: readonly Otherwise[], span: Span): Promise<Effects> {
    const { snapshot, other, kind, slice } = this.#compared
    if (other.items.size + other.gateways.size > 0) this.#others = await offeredCells(this.#compared, true)
    let isCut = false
    const tokens = await tokensByUser(snapshot, { sides, other, span, slice })
    for (const user of usersOn(snapshot, sides)) {
      if (slice.due()) await slice.rest()
      if (this.#asked > MOST_ASKED) {
        isCut = true
        break
      }
      await this.#user(user, { isTouched: isTouched(user, other, span), tokens: tokens.get(user.id) ?? [] })
    }
    const { gains, loses, totals, next } = this.#told
    const unnamed = this.#unnamed.totals.gains + this.#unnamed.totals.loses
    return { kind, gains, loses, totals, unnamed, users: this.#users, next, isCut }
  }

  async #user(user: KnownUser, about: { isTouched: boolean; tokens: readonly TokenOnSides[] }): Promise<void> {
    const { before, after, other } = this.#compared
    const isConcerned = about.isTouched || this.#others.length > 0 || other.servers.size > 0
    const tokens = isConcerned ? about.tokens : about.tokens.filter((token) => token.isTouched)
    if (!isConcerned && tokens.length === 0) return
    this.#users++
    const caller = { before: before.self(user.id), after: after.self(user.id) }
    const subject = { user: user.email, tokenId: null, server: null }
    const own = { caller, subject, isNamed: other.users.has(user.id) || this.#known.user(user) }
    await this.#compare(own, about.isTouched ? await this.#everything() : this.#others)
    for (const id of other.servers.keys()) await this.#atServer(own, id)
    for (const token of tokens)
      await this.#token(token, { user, self: caller, isWhole: about.isTouched || token.isTouched })
  }

  async #token(
    { id }: TokenOnSides,
    { user, self, isWhole }: { readonly user: KnownUser; readonly self: Caller; readonly isWhole: boolean },
  ): Promise<void> {
    const { before, after, other, asking } = this.#compared
    this.#asked++
    const [had, has] = [before.token(id), after.token(id)]
    const who = { before: had ? before.who(had) : null, after: has ? after.who(has) : null }
    const isNamed = other.tokens.has(id) || this.#known.everybody || user.id === asking.userId
    const doors = new Set<string | null>([had, has].flatMap((token) => (token ? [token.serverId] : [])))
    for (const serverId of doors) {
      // What is not narrowed to a server comes in by its door, too.
      const isThere = (principal: Principal | null): Principal | null =>
        principal?.serverId === serverId || principal?.serverId === null ? principal : null
      const caller = { before: isThere(who.before), after: isThere(who.after) }
      const own = { caller, subject: { user: user.email, tokenId: id, server: null }, isNamed }
      if (serverId !== null)
        await this.#atServer(other.servers.has(serverId) ? own : { ...own, unlike: self }, serverId)
      else {
        await this.#compare({ ...own, unlike: self }, isWhole ? await this.#everything() : this.#others)
        for (const server of other.servers.keys())
          if (!doors.has(server)) await this.#atServer({ ...own, unlike: self }, server)
      }
    }
  }

  async #atServer(own: Case, id: string): Promise<void> {
    const { before, after, asking } = this.#compared
    this.#asked++
    const [was, is] = [before.server(id), after.server(id)]
    const seen = [is, was].find((server) => server !== undefined && asking.visibilityClass.sees(server))
    if (seen === undefined) return
    const inside = (caller: Caller): Caller => ({
      before: mayEnter(caller.before, was) ? caller.before : null,
      after: mayEnter(caller.after, is) ? caller.after : null,
    })
    const caller = inside(own.caller)
    if (caller.before === null && caller.after === null) return
    // Of a user it is told what changes at the door of a server only where the server itself is otherwise.
    const unlike = own.unlike && { unlike: this.#compared.other.servers.has(id) ? inside(own.unlike) : own.unlike }
    const selected = this.#selected.get(id) ?? selectedCells(this.#compared, id)
    this.#selected.set(id, selected)
    const server = { id, name: seen.name }
    const subject = { ...own.subject, server }
    await this.#compare({ ...own, ...unlike, caller, subject }, await selected)
  }

  async #compare({ caller, subject, isNamed, unlike }: Case, cells: readonly Cell[]): Promise<void> {
    const { slice } = this.#compared
    this.#asked += cells.length
    for (const cell of cells) {
      if (slice.due()) await slice.rest()
      const [did, would] = both(caller, cell)
      if (did === would) continue
      if (unlike !== undefined && isSame([did, would], both(unlike, cell))) continue
      const tally = isNamed ? this.#told : this.#unnamed
      tally.found(would ? 'gains' : 'loses', subject, cell)
    }
  }

  #everything(): Promise<readonly Cell[]> {
    return (this.#whole ??= offeredCells(this.#compared, false))
  }
}

type Both = readonly [before: boolean, after: boolean]

const both = (caller: Caller, cell: Cell): Both => [
  mayUse(caller.before, cell.before),
  mayUse(caller.after, cell.after),
]

const isSame = (a: Both, b: Both): boolean => a[0] === b[0] && a[1] === b[1]
