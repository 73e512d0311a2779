import type { CatalogServer, ServerItem } from './model.ts'
import { newStamp, type ServerList, type ServerPart } from './state.ts'

/** Items to a piece: what is rendered anew when one of them changes. */
export const PIECE = 256

export const SERVER_KINDS = ['tools', 'prompts', 'resources'] as const

const byPosition = (a: ServerItem, b: ServerItem): number => a.position - b.position || (a.id < b.id ? -1 : 1)

function listOf(selected: readonly ServerItem[]): ServerList {
  const items = selected.toSorted(byPosition)
  const renamed = new Map<string, ServerItem>()
  for (const item of items) if (item.name !== null && !renamed.has(item.name)) renamed.set(item.name, item)
  return {
    items,
    places: new Map(items.map((item, place) => [item.id, place])),
    renamed,
    pieces: Array.from({ length: Math.ceil(items.length / PIECE) }, newStamp),
    stamp: newStamp(),
  }
}

export function serverPart(server: CatalogServer): ServerPart {
  const { tools, prompts, resources } = server
  return { server, tools: listOf(tools), prompts: listOf(prompts), resources: listOf(resources) }
}

/** The part after something about these items changed: the pieces that they stand in are other pieces now. */
export function withTouched(part: ServerPart, ids: Iterable<string>): ServerPart {
  const places = { tools: new Set<number>(), prompts: new Set<number>(), resources: new Set<number>() }
  for (const id of ids) {
    for (const kind of SERVER_KINDS) {
      const place = part[kind].places.get(id)
      if (place !== undefined) places[kind].add(Math.floor(place / PIECE))
    }
  }
  const touch = (kind: keyof typeof places): ServerList => {
    if (places[kind].size === 0) return part[kind]
    const pieces = part[kind].pieces.map((stamp, piece) => (places[kind].has(piece) ? newStamp() : stamp))
    return { ...part[kind], pieces, stamp: newStamp() }
  }
  return { server: part.server, tools: touch('tools'), prompts: touch('prompts'), resources: touch('resources') }
}
