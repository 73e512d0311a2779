import type { Permission } from '#/access/permissions.ts'
import { homeTeam } from '#/access/place.ts'
import { meant, type Namesake } from '#/api/namesake.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { slugify } from '#/lib/slug.ts'
import type { Server } from '#/servers/server.ts'
import type { Tool } from '#/tools/tool.ts'
import { readAllTools, readType, type Everything, type Reading } from './entities.ts'
import type { ImportBody } from './import-body.ts'
import type { EntityType, Stores } from './transfer.ts'

type NamedType = Exclude<EntityType, 'roots'>

/** What bears the name, or the URI, of what is imported. */
const BEARERS: { readonly [T in NamedType]: (all: Everything[T], key: string) => Everything[T] } = {
  gateways: (all, key) => {
    const wanted = slugify(key)
    return all.filter(({ slug }) => slug === wanted)
  },
  tools: (all, key) => all.filter(({ originalName }) => originalName === key),
  resources: (all, key) => all.filter(({ uri }) => uri === key),
  prompts: (all, key) => all.filter(({ originalName }) => originalName === key),
  servers: (all, key) => {
    const wanted = foldCase(key)
    return all.filter(({ name }) => foldCase(name) === wanted)
  },
}

/** What is there while an import runs: read when somebody asks, and again when it does not hold what must be there. */
export class Known {
  readonly #stores: Stores
  readonly #reading: Reading
  readonly #read = new Map<EntityType, Promise<Everything[EntityType]>>()
  readonly #met = new Set<string>()
  #tools: Promise<readonly Tool[]> | undefined

  constructor(stores: Stores, reading: Reading) {
    this.#stores = stores
    this.#reading = reading
  }

  /**
   * The id of what is meant by the name, or the URI of a root. `surely`: it is known to be there, so that what was read before may be
   * too old.
   */
  async find(type: EntityType, made: ImportBody, surely: boolean): Promise<string | undefined> {
    const found = await this.#look(type, made)
    if (found !== undefined || !surely) return found
    this.#read.delete(type)
    return (await this.#look(type, made)) ?? (await this.#inTheWay(type, made))
  }

  /** What this import has made or changed is not what comes after it under the same name. */
  meet(id: string): void {
    this.#met.add(id)
  }

  /**
   * How tools are found that a virtual server selects: by id, name or original name. Of several that bear it: what it selects already,
   * what this import has brought, what would be meant by the name alone, and else the oldest.
   */
  async toolsFor(server: ImportBody): Promise<(ref: string) => string | undefined> {
    this.#tools ??= readAllTools(this.#stores, this.#reading)
    const all = await this.#tools
    const [byId, byName, byOriginal] = (['id', 'name', 'originalName'] as const).map((key) =>
      Map.groupBy<string, Tool>(all, (tool) => tool[key]),
    )
    const there = (await this.#meant('servers', server)) as Server | undefined
    const has = new Set<string>(there?.items.map(({ id }) => id))
    const isBrought = ({ id, gatewayId }: Tool): boolean => this.#met.has(gatewayId ?? id)
    return (ref) => {
      const bearers = byId?.get(ref) ?? byName?.get(ref) ?? byOriginal?.get(ref) ?? []
      const one = bearers.find(({ id }) => has.has(id)) ?? bearers.find(isBrought)
      return (one ?? meant(bearers, this.#home('tools.create')) ?? bearers.at(-1))?.id
    }
  }

  async #look(type: EntityType, made: ImportBody): Promise<string | undefined> {
    if (type !== 'roots') return (await this.#meant(type, made))?.id
    return (await this.#all('roots')).find(({ uri }) => uri === made.key)?.uri
  }

  /** A name that is shown to all is taken wherever its bearer stands. */
  async #inTheWay(type: EntityType, made: ImportBody): Promise<string | undefined> {
    if (type === 'roots' || type === 'servers') return undefined
    return (await this.#bearers(type, made)).find(({ visibility }) => visibility === 'public')?.id
  }

  /** Several may bear a name: the very one that was exported, else the one that would be meant by the name alone. */
  async #meant(type: NamedType, made: ImportBody): Promise<Namesake | undefined> {
    const bearers = await this.#bearers(type, made)
    return bearers.find(({ id }) => id === made.idThere) ?? meant(bearers, this.#home(`${type}.create`))
  }

  async #bearers(type: NamedType, { key }: ImportBody): Promise<readonly Namesake[]> {
    const bearersOf = BEARERS[type] as (all: readonly unknown[], key: string) => readonly Namesake[]
    return bearersOf(await this.#all(type), key).filter(({ id }) => !this.#met.has(id))
  }

  /** Where whoever imports would make such a thing. */
  #home(permission: Permission): Pick<Namesake, 'ownerId' | 'teamId'> {
    const { principal } = this.#reading
    return { ownerId: principal.userId, teamId: homeTeam(principal, permission) }
  }

  async #all<T extends EntityType>(type: T): Promise<Everything[T]> {
    const reading = this.#read.get(type) ?? readType(type, this.#stores, this.#reading)
    this.#read.set(type, reading)
    return (await reading) as Everything[T]
  }
}
