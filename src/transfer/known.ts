import { slugify } from '#/lib/slug.ts'
import type { Tool } from '#/tools/tool.ts'
import { readAllTools, readType, type Everything, type Reading } from './entities.ts'
import type { ImportBody } from './import-body.ts'
import type { EntityType, Stores } from './transfer.ts'

/** What bears the name, or the URI, of what is imported: its id, or the URI of a root. */
const FINDERS: {
  readonly [T in EntityType]: (all: Everything[T], made: ImportBody) => string | undefined
} = {
  roots: (all, { key }) => all.find(({ uri }) => uri === key)?.uri,
  gateways: (all, { key }) => all.find(({ slug }) => slug === slugify(key))?.id,
  tools: (all, { key }) => all.find(({ originalName }) => originalName === key)?.id,
  resources: (all, { key }) => all.find(({ uri }) => uri === key)?.id,
  prompts: (all, { key }) => all.find(({ originalName }) => originalName === key)?.id,
  servers: (all, { key }) => all.find(({ name }) => name.toLowerCase() === key.toLowerCase())?.id,
}

/** What is there while an import runs: read when somebody asks, and again when it does not hold what must be there. */
export class Known {
  readonly #stores: Stores
  readonly #reading: Reading
  readonly #read = new Map<EntityType, Promise<Everything[EntityType]>>()
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

  /** A tool by id, original name or name. */
  async tool(ref: string): Promise<string | undefined> {
    this.#tools ??= readAllTools(this.#stores, this.#reading)
    const all = await this.#tools
    return all.find(({ id, name, originalName }) => [id as string, name, originalName].includes(ref))?.id
  }

  async #look(type: EntityType, made: ImportBody): Promise<string | undefined> {
    const find = FINDERS[type] as (all: Everything[EntityType], made: ImportBody) => string | undefined
    return find(await this.#all(type), made)
  }

  async #all<T extends EntityType>(type: T): Promise<Everything[T]> {
    const reading = this.#read.get(type) ?? readType(type, this.#stores, this.#reading)
    this.#read.set(type, reading)
    return (await reading) as Everything[T]
  }
}
