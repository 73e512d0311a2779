import type { MapEdit } from '#/lib/sharded-map.ts'
import type { CatalogPrompt, CatalogTool } from './model.ts'
import type { NamedShelf } from './state.ts'

export const originalKey = (gatewayId: string, originalName: string): string => `${gatewayId}\n${originalName}`

/**
 * Changes the tools or the prompts. Things are read one by one while others rename them, so for a moment two may claim a name: the one
 * read last has it, and giving a name up takes it only from oneself.
 */
export class NamedShelfEdit<Item extends CatalogTool | CatalogPrompt> {
  readonly #byId: MapEdit<Item>
  readonly #byName: MapEdit<Item>
  readonly #byOriginal: MapEdit<Item>

  constructor(from: NamedShelf<Item>) {
    this.#byId = from.byId.edit()
    this.#byName = from.byName.edit()
    this.#byOriginal = from.byOriginal.edit()
  }

  get(id: string): Item | undefined {
    return this.#byId.get(id)
  }

  /** Whether the item is what its names lead to. */
  holdsNames(item: Item): boolean {
    return (
      this.#byName.get(item.name)?.id === item.id &&
      this.#byOriginal.get(originalKey(item.gatewayId, item.originalName))?.id === item.id
    )
  }

  put(item: Item, old: Item | undefined): void {
    if (old !== undefined) this.#giveUpNames(old)
    this.#byId.set(item.id, item)
    this.#byName.set(item.name, item)
    this.#byOriginal.set(originalKey(item.gatewayId, item.originalName), item)
  }

  delete(old: Item): void {
    this.#giveUpNames(old)
    this.#byId.delete(old.id)
  }

  done(): NamedShelf<Item> {
    return { byId: this.#byId.done(), byName: this.#byName.done(), byOriginal: this.#byOriginal.done() }
  }

  #giveUpNames(old: Item): void {
    if (this.#byName.get(old.name)?.id === old.id) this.#byName.delete(old.name)
    const original = originalKey(old.gatewayId, old.originalName)
    if (this.#byOriginal.get(original)?.id === old.id) this.#byOriginal.delete(original)
  }
}
