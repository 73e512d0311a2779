import type { PromptId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { Changed, WriteTo } from '#/api/actor.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { ItemFilter, ServerOwners, StoredItem } from '#/api/items.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Tag } from '#/api/tags.ts'

export interface Prompt extends StoredItem<PromptId> {
  readonly name: string
  readonly originalName: string
  readonly customName: string
  readonly displayName: string | null
}

/** What an operator changes of a prompt; what is left out stays. */
export interface PromptChange {
  readonly name?: string
  readonly customName?: string
  readonly displayName?: string | null
  readonly customTitle?: string | null
  readonly customDescription?: string | null
  readonly tags?: readonly Tag[]
  readonly visibility?: Prompt['visibility']
  readonly enabled?: boolean
}

export interface PromptReader extends ServerOwners {
  page(request: PageRequest, filter: ItemFilter): Promise<Page<Prompt>>
  byId(id: PromptId): Promise<Prompt | undefined>
}

export interface PromptWriter {
  /** undefined: no such prompt, or another version. Throws `conflict` where the new name is taken. */
  update(id: PromptId, change: PromptChange, to: WriteTo): Promise<Changed | undefined>
  remove(id: PromptId, to: WriteTo): Promise<Changed | undefined>
}

/** Gets a prompt on the path of every other call: no database, bounded, recorded. */
export interface PromptGetter {
  /** The raw JSON of the GetPromptResult, byte for byte. `idOrName` is the id, or the name that clients of the aggregate use. */
  get(principal: Principal, idOrName: string, call: PromptCall): Promise<Buffer>
}

export interface PromptCall {
  /** Raw JSON of the arguments object, as the client sent it. */
  readonly argumentsJson: Buffer
  readonly request: RequestContext
}

export interface PromptDeps {
  readonly store: PromptReader & PromptWriter
  readonly getter: PromptGetter
  readonly settled: (seq: number | null) => Promise<void>
}
