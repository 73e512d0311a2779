import type { ResourceId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { Changed, WriteTo } from '#/api/actor.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { ItemFilter, ServerOwners, StoredItem } from '#/api/items.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Tag } from '#/api/tags.ts'

export interface Resource extends StoredItem<ResourceId> {
  readonly isTemplate: boolean
  /** The URI, or the URI template. Never rewritten. */
  readonly uri: string
  readonly name: string
  readonly mimeType: string | null
}

/** What an operator changes of a resource; what is left out stays. */
export interface ResourceChange {
  readonly customTitle?: string | null
  readonly customDescription?: string | null
  readonly tags?: readonly Tag[]
  readonly visibility?: Resource['visibility']
  readonly enabled?: boolean
}

export interface ResourceReader extends ServerOwners {
  page(request: PageRequest, filter: ItemFilter & { readonly templates: boolean }): Promise<Page<Resource>>
  byId(id: ResourceId): Promise<Resource | undefined>
}

export interface ResourceWriter {
  /** undefined: no such resource, or another version. */
  update(id: ResourceId, change: ResourceChange, to: WriteTo): Promise<Changed | undefined>
  remove(id: ResourceId, to: WriteTo): Promise<Changed | undefined>
}

/** Reads a resource on the path of every other call: no database, bounded, recorded. */
export interface ContentReader {
  /** The raw JSON of the ReadResourceResult, byte for byte. */
  read(principal: Principal, id: ResourceId, request: RequestContext): Promise<Buffer>
}

export interface ResourceDeps {
  readonly store: ResourceReader & ResourceWriter
  readonly content: ContentReader
  readonly settled: (seq: number | null) => Promise<void>
}
