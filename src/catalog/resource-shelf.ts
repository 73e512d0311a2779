import type { MapEdit } from '#/lib/sharded-map.ts'
import { parseUriTemplate } from '#/lib/uri-template.ts'
import { bearersOf, BearersEdit } from './bearers.ts'
import type { CatalogResource } from './model.ts'
import type { ResourceShelf } from './state.ts'

/** Templates are kept by a beginning of one of these lengths, so a look-up asks a handful of times whatever the number of templates. */
const PREFIX_LENGTHS = [64, 32, 16, 8, 4, 0] as const

const prefixKey = (prefix: string): string =>
  prefix.slice(
    0,
    PREFIX_LENGTHS.find((length) => length <= prefix.length),
  )

/** Every resource template that matches `uri`, grouped by template. */
export function* matchingTemplates(shelf: ResourceShelf, uri: string): Generator<readonly CatalogResource[]> {
  for (const length of PREFIX_LENGTHS) {
    if (length > uri.length) continue
    for (const { text, template } of shelf.templates.get(uri.slice(0, length)) ?? []) {
      if (template.matches(uri)) yield bearersOf(shelf.byTemplate, text)
    }
  }
}

export class ResourceShelfEdit {
  readonly #byId: MapEdit<CatalogResource>
  readonly #byUri: BearersEdit<CatalogResource>
  readonly #byTemplate: BearersEdit<CatalogResource>
  readonly #templates: MapEdit<
    readonly { readonly text: string; readonly template: NonNullable<ReturnType<typeof parseUriTemplate>> }[]
  >

  constructor(from: ResourceShelf) {
    this.#byId = from.byId.edit()
    this.#byUri = new BearersEdit(from.byUri)
    this.#byTemplate = new BearersEdit(from.byTemplate)
    this.#templates = from.templates.edit()
  }

  get(id: string): CatalogResource | undefined {
    return this.#byId.get(id)
  }

  put(item: CatalogResource, old: CatalogResource | undefined): void {
    if (old !== undefined) this.#withdraw(old)
    this.#byId.set(item.id, item)
    const offers = item.isTemplate ? this.#byTemplate : this.#byUri
    if (item.isTemplate && !offers.isBorne(item.uri)) this.#addTemplate(item.uri)
    offers.add(item.uri, item)
  }

  delete(old: CatalogResource): void {
    this.#withdraw(old)
    this.#byId.delete(old.id)
  }

  done(): ResourceShelf {
    return {
      byId: this.#byId.done(),
      byUri: this.#byUri.done(),
      byTemplate: this.#byTemplate.done(),
      templates: this.#templates.done(),
    }
  }

  #withdraw(old: CatalogResource): void {
    const offers = old.isTemplate ? this.#byTemplate : this.#byUri
    offers.remove(old.uri, old)
    if (old.isTemplate && !offers.isBorne(old.uri)) this.#removeTemplate(old.uri)
  }

  #addTemplate(text: string): void {
    const template = parseUriTemplate(text)
    if (template === undefined) return
    const key = prefixKey(template.prefix)
    this.#templates.set(key, [...(this.#templates.get(key) ?? []), { text, template }])
  }

  #removeTemplate(text: string): void {
    const template = parseUriTemplate(text)
    if (template === undefined) return
    const key = prefixKey(template.prefix)
    const others = (this.#templates.get(key) ?? []).filter((one) => one.text !== text)
    if (others.length > 0) this.#templates.set(key, others)
    else this.#templates.delete(key)
  }
}
