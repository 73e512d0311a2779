import type { Era } from '#/mcp/revision.ts'
import { renameDefinition } from '#/mcp/definitions.ts'
import { pace } from '#/lib/pace.ts'
import type { Line, Stretch } from './line.ts'

/** The lines of a stretch as JSON, one after the other, each with a comma behind it. */
export interface Slab {
  readonly bytes: Buffer
  /** Where line i begins is where line i−1 ends. */
  readonly ends: Uint32Array
}

export async function buildSlab(stretch: Stretch, era: Era): Promise<Slab> {
  const slice = pace()
  const ends = new Uint32Array(stretch.size)
  const fragments: Buffer[] = []
  let end = 0
  for (let index = 0; index < stretch.size; index++) {
    const line = stretch.line(index)
    if (line?.item.enabled === true) {
      const fragment = Buffer.from(`${fragmentOf(line, era)},`)
      fragments.push(fragment)
      end += fragment.length
    }
    ends[index] = end
    if (slice.due()) await slice.rest()
  }
  return { bytes: Buffer.concat(fragments, end), ends }
}

function fragmentOf({ item, name, description }: Line, era: Era): string {
  const says = {
    ...(name === undefined ? undefined : { name }),
    ...(item.customTitle === null ? undefined : { title: item.customTitle }),
    ...(description === null ? undefined : { description }),
  }
  return renameDefinition(item.definition, says, era)
}
