import { createHash } from 'node:crypto'
import { slugify } from '#/lib/slug.ts'
import type { AnyItem, ServerItem } from './model.ts'
import type { Scope } from './snapshot.ts'

/** Wide-spread clients refuse longer names although the specification allows 128. */
export const NAME_MAX = 64
const SEPARATOR = '-'
const SUFFIX_LENGTH = 7

export interface NameCandidate {
  /** null: declared here, so nothing stands before its name. */
  readonly gatewayName: string | null
  /** What the operator calls it; the server's own name unless changed. */
  readonly customName: string
}

/**
 * The names that clients of the aggregate see, one for each candidate, in their order: the earlier one gets the plain name. Neither
 * `taken` nor one another is hit. Names are stored when they are assigned; nobody is renamed by what comes or goes later.
 */
export function assignNames(candidates: readonly NameCandidate[], taken: ReadonlySet<string>): readonly string[] {
  const given = new Set<string>()
  return candidates.map((candidate) => {
    const name = freeName(candidate, (name) => taken.has(name) || given.has(name))
    given.add(name)
    return name
  })
}

function freeName(candidate: NameCandidate, isTaken: (name: string) => boolean): string {
  const { gatewayName, customName } = candidate
  const prefix = gatewayName === null ? '' : `${slugify(gatewayName) || hashOf(gatewayName)}${SEPARATOR}`
  const plain = prefix + (slugify(customName) || hashOf(customName))
  if (plain.length <= NAME_MAX && !isTaken(plain)) return plain
  const stem = plain.slice(0, NAME_MAX - SUFFIX_LENGTH).replace(/-+$/, '')
  const identity = `${gatewayName}\n${customName}`
  for (let round = 0; ; round++) {
    const name = `${stem}${SEPARATOR}${hashOf(round === 0 ? identity : `${identity}\n${round}`)}`
    if (!isTaken(name)) return name
  }
}

const hashOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, SUFFIX_LENGTH - 1)

/**
 * The name an item goes by in a scope, in lists and calls alike; undefined: the one in its own definition. Resources go by that, since
 * they are asked for by URI.
 */
export function nameIn(scope: Scope['kind'], item: AnyItem, entry: ServerItem | undefined): string | undefined {
  if (entry !== undefined && entry.name !== null) return entry.name
  if ('isTemplate' in item) return undefined
  return scope === 'gateway' ? item.originalName : item.name
}
