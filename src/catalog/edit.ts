import type { GatewayId } from '#/access/ids.ts'
import type {
  AnyItem,
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogRoot,
  CatalogServer,
  CatalogTool,
} from './model.ts'
import { NamedShelfEdit } from './named-shelf.ts'
import { PartEdit } from './part-edit.ts'
import { PeopleEdit } from './people-edit.ts'
import { ResourceShelfEdit } from './resource-shelf.ts'
import { sameThing } from './same-thing.ts'
import { ShownEdit } from './shown.ts'
import { SERVER_KINDS, serverPart, withTouched } from './server-part.ts'
import type { ListKind } from './snapshot.ts'
import { emptyPart, newStamp, type CatalogState } from './state.ts'

export type ItemKind = 'tool' | 'prompt' | 'resource'

const listOf = (item: AnyItem): ListKind => {
  if ('isTemplate' in item) return item.isTemplate ? 'resourceTemplates' : 'resources'
  return 'paramHeaders' in item ? 'tools' : 'prompts'
}

/** The part of a gateway that decides where and to whom its things are shown. */
const showing = (gateway: CatalogGateway | undefined): string =>
  gateway === undefined
    ? ''
    : `${gateway.enabled} ${gateway.visibility} ${gateway.ownerId} ${gateway.teamId} ${gateway.createdAt}`

/**
 * A next state in the making, one thing at a time; it may be spread over as many turns of the event loop as it takes. A thing that
 * was read again and says the same is left alone.
 */
export class CatalogEdit {
  readonly #from: CatalogState
  readonly people: PeopleEdit
  readonly #gateways
  readonly #shelves
  readonly #servers
  readonly #memberOf
  readonly #shown: ShownEdit
  readonly #parts = new Map<string, PartEdit>()
  readonly #touched = new Map<string, Set<string>>()
  readonly #lists = new Set<ListKind>()
  #epoch: number
  #roots: readonly CatalogRoot[]

  constructor(from: CatalogState) {
    this.#from = from
    this.#epoch = from.epoch
    this.#roots = from.roots
    this.people = new PeopleEdit(from)
    this.#gateways = from.gateways.edit()
    this.#shelves = {
      tool: new NamedShelfEdit<CatalogTool>(from.tools),
      prompt: new NamedShelfEdit<CatalogPrompt>(from.prompts),
      resource: new ResourceShelfEdit(from.resources),
    }
    this.#servers = from.servers.edit()
    this.#memberOf = from.memberOf.edit()
    this.#shown = new ShownEdit(from.shown)
  }

  putGateway(gateway: CatalogGateway): void {
    const part = this.#part(gateway.id)
    const old = part.gateway
    if (old !== undefined && sameThing(old, gateway)) return
    if (old !== undefined && old.createdAt !== gateway.createdAt) this.#gateways.delete(old)
    this.#gateways.put(gateway)
    this.#shown.replace(old, gateway)
    part.gateway = gateway
    if (showing(old) !== showing(gateway)) this.#changedEverywhere()
  }

  /** The gateway itself; its items are deleted one by one. */
  deleteGateway(id: GatewayId): void {
    const part = this.#part(id)
    if (part.gateway === undefined) return
    this.#gateways.delete(part.gateway)
    this.#shown.replace(part.gateway, undefined)
    part.gateway = undefined
    this.#changedEverywhere()
  }

  putTool(tool: CatalogTool): void {
    const shelf = this.#shelves.tool
    const old = shelf.get(tool.id)
    if (old !== undefined && sameThing(old, tool)) return
    shelf.put(tool, old)
    this.#place(tool, old)
  }

  putPrompt(prompt: CatalogPrompt): void {
    const shelf = this.#shelves.prompt
    const old = shelf.get(prompt.id)
    if (old !== undefined && sameThing(old, prompt)) return
    shelf.put(prompt, old)
    this.#place(prompt, old)
  }

  putResource(resource: CatalogResource): void {
    const old = this.#shelves.resource.get(resource.id)
    if (old !== undefined && sameThing(old, resource)) return
    this.#shelves.resource.put(resource, old)
    this.#place(resource, old)
  }

  deleteItem(kind: ItemKind, id: string): void {
    const shelf = this.#shelves[kind]
    const old = shelf.get(id)
    if (old === undefined) return
    shelf.delete(old as never)
    this.#shown.replace(old, undefined)
    this.#part(old.gatewayId).delete(listOf(old), old)
    this.#changed(old)
  }

  putServer(server: CatalogServer): void {
    const old = this.#servers.get(server.id)?.server
    if (old !== undefined && sameThing(old, server)) return
    this.#leaveServer(old)
    this.#shown.replace(old, server)
    for (const kind of SERVER_KINDS) {
      for (const { id } of server[kind]) this.#memberOf.set(id, [...(this.#memberOf.get(id) ?? []), server.id])
    }
    this.#servers.set(server.id, serverPart(server))
  }

  deleteServer(id: string): void {
    const old = this.#servers.get(id)?.server
    this.#leaveServer(old)
    this.#shown.replace(old, undefined)
    this.#servers.delete(id)
  }

  /** All that there are. */
  putRoots(roots: readonly CatalogRoot[]): void {
    if (!sameThing({ roots }, { roots: this.#roots })) this.#roots = roots
  }

  /** Virtual servers that select the item. */
  serversWith(itemId: string): readonly string[] {
    return this.#memberOf.get(itemId) ?? []
  }

  done(seq: number): CatalogState {
    const parts = this.#from.parts.edit()
    for (const [id, edit] of this.#parts) {
      const part = edit.done()
      if (part === undefined) parts.delete(id)
      else parts.set(id, part)
    }
    for (const [id, items] of this.#touched) {
      const part = this.#servers.get(id)
      if (part !== undefined) this.#servers.set(id, withTouched(part, items))
    }
    const stamps = { ...this.#from.stamps }
    for (const list of this.#lists) stamps[list] = newStamp()
    const { tool, prompt, resource } = this.#shelves
    return {
      seq,
      ...this.people.done(),
      gateways: this.#gateways.done(),
      parts: parts.done(),
      tools: tool.done(),
      prompts: prompt.done(),
      resources: resource.done(),
      servers: this.#servers.done(),
      memberOf: this.#memberOf.done(),
      shown: this.#shown.done(),
      roots: this.#roots,
      stamps,
      epoch: this.#epoch,
    }
  }

  #part(id: GatewayId): PartEdit {
    let edit = this.#parts.get(id)
    if (edit === undefined) {
      edit = new PartEdit(this.#from.parts.get(id) ?? emptyPart(id))
      this.#parts.set(id, edit)
    }
    return edit
  }

  #place(item: AnyItem, old: AnyItem | undefined): void {
    const stays = old !== undefined && old.gatewayId === item.gatewayId && listOf(old) === listOf(item)
    if (old !== undefined && !stays) {
      this.#part(old.gatewayId).delete(listOf(old), old)
      this.#lists.add(listOf(old))
    }
    this.#part(item.gatewayId).put(listOf(item), item, stays ? old : undefined)
    this.#shown.replace(old, item)
    this.#changed(item)
  }

  #changed(item: AnyItem): void {
    this.#lists.add(listOf(item))
    for (const server of this.serversWith(item.id)) {
      const items = this.#touched.get(server)
      if (items === undefined) this.#touched.set(server, new Set([item.id]))
      else items.add(item.id)
    }
  }

  #changedEverywhere(): void {
    this.#epoch = newStamp()
    for (const list of ['tools', 'prompts', 'resources', 'resourceTemplates'] as const) this.#lists.add(list)
  }

  #leaveServer(old: CatalogServer | undefined): void {
    if (old === undefined) return
    for (const kind of SERVER_KINDS) {
      for (const { id } of old[kind]) {
        const others = (this.#memberOf.get(id) ?? []).filter((server) => server !== old.id)
        if (others.length > 0) this.#memberOf.set(id, others)
        else this.#memberOf.delete(id)
      }
    }
  }
}
