import type { PromptId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { ItemDeps } from '#/api/item-noun.ts'
import type { ItemChange, ItemReader, ItemWriter, StoredItem } from '#/api/items.ts'

export interface Prompt extends StoredItem<PromptId> {
  readonly name: string
  readonly originalName: string
  readonly customName: string
  readonly displayName: string | null
  /** The text of a prompt that is declared here; null: its text stays with its server. */
  readonly template: string | null
}

/** What an operator changes of a prompt; what is left out stays. */
export interface PromptChange extends ItemChange {
  readonly name?: string
  readonly originalName?: string
  readonly customName?: string
  readonly displayName?: string | null
  readonly template?: string
}

export type PromptStore = ItemReader<Prompt, PromptId> & ItemWriter<PromptId, PromptChange>

/** Gets a prompt on the path of every other call: no database, bounded, recorded. */
export interface PromptGetter {
  /** The raw JSON of the GetPromptResult, byte for byte. By id, or by the name that clients use. */
  get(principal: Principal, idOrName: string, call: PromptCall): Promise<Buffer>
}

export interface PromptCall {
  /** Raw JSON of the arguments object, as the client sent it; null: none were given, and the text is wanted as it is. */
  readonly argumentsJson: Buffer | null
  readonly request: RequestContext
}

export interface PromptDeps extends ItemDeps<'prompt', Prompt, PromptChange> {
  readonly getter: PromptGetter
}
