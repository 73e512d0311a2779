import { homeTeam } from '#/access/place.ts'
import type { Principal } from '#/access/principal.ts'
import { meant } from '#/api/namesake.ts'
import { slugify } from '#/lib/slug.ts'
import type { Server } from '#/servers/server.ts'
import type { Tool } from '#/tools/tool.ts'
import { readAllTools, readType, type Everything, type Reading } from './entities.ts'
import type { ImportBody } from './import-body.ts'
import type { EntityType, Stores } from './transfer.ts'

/** What bears the name, or the URI, of what is imported: its id, or the URI of a root. */
const FINDERS: {
  readonly [T in EntityType]: (all: Everything[T], made: ImportBody, importer: Principal) => string | undefined
} = {
  roots: (all, { key }) => all.find(({ uri }) => uri === key)?.uri,
  gateways: (all, { key }) => all.find(({ slug }) => slug === slugify(key))?.id,
  tools: (all, { key }) => all.find(({ originalName }) => originalName === key)?.id,
  resources: (all, { key }) => all.find(({ uri }) => uri === key)?.id,
  prompts: (all, { key }) => all.find(({ originalName }) => originalName === key)?.id,
  servers: serverCalled,
}

/** Several may bear a name: the very one that was exported, else the one that would be meant by the name alone. */
function serverCalled(all: readonly Server[], { key, idThere }: ImportBody, importer: Principal): string | undefined {
  const bearers = all.filter(({ name }) => name.toLowerCase() === key.toLowerCase())
  const home = { ownerId: importer.userId, teamId: homeTeam(importer, 'servers.create') }
  return (bearers.find(({ id }) => id === idThere) ?? meant(bearers, home))?.id
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

  /** `surely`: it is known to be there, so that what was read before may be too old. */
  async find(type: EntityType, made: ImportBody, surely: boolean): Promise<string | undefined> {
    const found = await this.#look(type, made)
    if (found !== undefined || !surely) return found
    this.#read.delete(type)
    return await this.#look(type, made)
  }

  /** What this import has made or changed is not what comes after it under the same name. */
  meet(id: string): void {
    this.#met.add(id)
  }

  /** A tool by id, original name or name. */
  async tool(ref: string): Promise<string | undefined> {
    this.#tools ??= readAllTools(this.#stores, this.#reading)
    const all = await this.#tools
    return all.find(({ id, name, originalName }) => [id as string, name, originalName].includes(ref))?.id
  }

  async #look(type: EntityType, made: ImportBody): Promise<string | undefined> {
    const find = FINDERS[type] as (all: readonly unknown[], made: ImportBody, importer: Principal) => string | undefined
    const all: readonly object[] = await this.#all(type)
    const left = this.#met.size === 0 ? all : all.filter((one) => !('id' in one && this.#met.has(String(one.id))))
    return find(left, made, this.#reading.principal)
  }

  async #all<T extends EntityType>(type: T): Promise<Everything[T]> {
    const reading = this.#read.get(type) ?? readType(type, this.#stores, this.#reading)
    this.#read.set(type, reading)
    return (await reading) as Everything[T]
  }
}
