import type { GatewayId } from '#/access/ids.ts'
import { drop, type Applying } from './applying.ts'
import type { ItemKind } from './edit.ts'
import { each, eachPage } from './load.ts'
import type { AnyItem } from './model.ts'
import type { ItemSource } from './reader.ts'
import type { GatewayPart } from './state.ts'

/** Small gateways are read together, up to so many items by what we know of them; a large one by itself. */
const TOGETHER_ITEMS = 1_000
const TOGETHER_GATEWAYS = 100
/** What a gateway that nobody has seen yet is taken for: most are small, and of one that is not the pages are bounded all the same. */
const UNKNOWN_ITEMS = 20

/** Everything that these gateways offer, read anew; what was not met is gone. */
export async function applyParts(all: Applying, ids: readonly GatewayId[]): Promise<void> {
  const { reader, edit } = all
  for (const gateways of groups(all, ids)) {
    const of = { gateways }
    const { tools, prompts, resources } = reader
    await replace(all, { ...of, kind: 'tool', source: tools, old: toolsOf, put: (tool) => edit.putTool(tool) })
    await replace(all, {
      ...of,
      kind: 'prompt',
      source: prompts,
      old: promptsOf,
      put: (prompt) => edit.putPrompt(prompt),
    })
    await replace(all, {
      ...of,
      kind: 'resource',
      source: resources,
      old: resourcesOf,
      put: (one) => edit.putResource(one),
    })
  }
}

function groups({ state }: Applying, ids: readonly GatewayId[]): readonly (readonly GatewayId[])[] {
  const made: GatewayId[][] = []
  let items = Infinity
  for (const id of ids) {
    const part = state.parts.get(id)
    const size =
      part === undefined
        ? UNKNOWN_ITEMS
        : part.tools.size + part.prompts.size + part.resources.size + part.resourceTemplates.size
    const last = made.at(-1)
    items += size
    if (last !== undefined && items <= TOGETHER_ITEMS && last.length < TOGETHER_GATEWAYS) last.push(id)
    else {
      made.push([id])
      items = size
    }
  }
  return made
}

const toolsOf = (part: GatewayPart): Iterable<AnyItem> => part.tools
const promptsOf = (part: GatewayPart): Iterable<AnyItem> => part.prompts
function* resourcesOf(part: GatewayPart): Generator<AnyItem> {
  yield* part.resources
  yield* part.resourceTemplates
}

interface Replacing<T, Id extends string> {
  readonly kind: ItemKind
  readonly source: ItemSource<T, Id>
  readonly gateways: readonly GatewayId[]
  readonly old: (part: GatewayPart) => Iterable<AnyItem>
  readonly put: (item: T) => void
}

async function replace<T extends { readonly id: Id }, Id extends string>(
  all: Applying,
  { kind, source, gateways, old, put }: Replacing<T, Id>,
): Promise<void> {
  const there = new Set<string>()
  const { slice, state } = all
  const take = (item: T): void => {
    there.add(item.id)
    put(item)
  }
  await eachPage((after) => source.ofGateways(gateways, after), { slice, put: take })
  for (const id of gateways) {
    const part = state.parts.get(id)
    const dropUnmet = (item: AnyItem): void => (there.has(item.id) ? undefined : drop(all, kind, item.id))
    if (part !== undefined) await each(old(part), { slice, put: dropUnmet })
  }
}
