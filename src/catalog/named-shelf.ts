import type { MapEdit } from '#/lib/sharded-map.ts'
import { BearersEdit } from './bearers.ts'
import type { CatalogPrompt, CatalogTool } from './model.ts'
import type { NamedShelf } from './state.ts'

export const originalKey = (gatewayId: string, originalName: string): string => `${gatewayId}\n${originalName}`

/** Changes the tools or the prompts. Which of several that bear a name answers is decided for whoever asks. */
export class NamedShelfEdit<Item extends CatalogTool | CatalogPrompt> {
  readonly #byId: MapEdit<Item>
  readonly #byName: BearersEdit<Item>
  readonly #byOriginal: BearersEdit<Item>

  constructor(from: NamedShelf<Item>) {
    this.#byId = from.byId.edit()
    this.#byName = new BearersEdit(from.byName)
    this.#byOriginal = new BearersEdit(from.byOriginal)
  }

  get(id: string): Item | undefined {
    return this.#byId.get(id)
  }

  put(item: Item, old: Item | undefined): void {
    if (old !== undefined) this.#giveUpNames(old)
    this.#byId.set(item.id, item)
    this.#byName.add(item.name, item)
    this.#byOriginal.add(originalKey(item.gatewayId, item.originalName), item)
  }

  delete(old: Item): void {
    this.#giveUpNames(old)
    this.#byId.delete(old.id)
  }

  done(): NamedShelf<Item> {
    return { byId: this.#byId.done(), byName: this.#byName.done(), byOriginal: this.#byOriginal.done() }
  }

  #giveUpNames(old: Item): void {
    this.#byName.remove(old.name, old)
    this.#byOriginal.remove(originalKey(old.gatewayId, old.originalName), old)
  }
}
