import type { ResourceId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { EventStreams } from '#/api/event-streams.ts'
import type { ItemDeps } from '#/api/item-noun.ts'
import type { ItemChange, ItemReader, ItemWriter, StoredItem } from '#/api/items.ts'
import type { WatchedCatalog } from '#/catalog/watch.ts'

export interface Resource extends StoredItem<ResourceId> {
  readonly isTemplate: boolean
  /** The URI, or the URI template. Never rewritten. */
  readonly uri: string
  readonly name: string
  readonly mimeType: string | null
}

/** What an operator changes of a resource; what is left out stays. */
export interface ResourceChange extends ItemChange {
  readonly isTemplate?: boolean
  readonly uri?: string
  readonly name?: string
  readonly mimeType?: string
  readonly content?: string
}

export type ResourceStore = ItemReader<Resource, ResourceId> & ItemWriter<ResourceId, ResourceChange>

export interface ReadAt {
  readonly id: ResourceId
  readonly result: Buffer
}

/** Reads a resource on the path of every other call: no database, bounded, recorded. */
export interface ContentReader {
  /** The raw JSON of the ReadResourceResult, byte for byte. */
  read(principal: Principal, id: ResourceId, request: RequestContext): Promise<Buffer>
  /** The same by URI, which may be one of a template's; with the id of what it belongs to. */
  readAt(principal: Principal, uri: string, request: RequestContext): Promise<ReadAt>
}

export interface ResourceDeps extends ItemDeps<'resource', Resource, ResourceChange> {
  readonly content: ContentReader
  readonly streams: Pick<EventStreams, 'answer'>
  readonly watched: WatchedCatalog
}
