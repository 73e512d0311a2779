import type { Owned, Principal } from '#/access/principal.ts'
import { ownSight } from '#/access/visibility.ts'
import type { Id } from '#/lib/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Changed } from './actor.ts'
import { titleOf, type ItemRoom } from './item-noun.ts'
import type { ItemChange, NamesOf, StoredItem } from './items.ts'
import { nameTaken } from './name-taken.ts'

type Kind = 'tool' | 'prompt' | 'resource'

/** What an item, or a change of one, calls it. */
function namesIn(said: object, kind: Kind): NamesOf {
  const text = (column: string): string | undefined => {
    const value = (said as Readonly<Record<string, unknown>>)[column]
    return typeof value === 'string' ? value : undefined
  }
  return kind === 'resource' ? { key: text('uri') } : { key: text('originalName'), name: text('name') }
}

interface New<K extends Kind> {
  readonly id: Id<K>
  readonly columns: object
  /** What its maker calls it. */
  readonly key: string
}

/** Refuses a name that something bears which whoever makes an item sees: what is hidden from them is in nobody's way. */
export async function refuseNames<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  { id, columns, key }: New<K>,
  { visibilityClass }: Principal,
): Promise<void> {
  const there = await deps.store.namesake(namesIn(columns, noun.kind), {
    sight: ownSight(visibilityClass.sight),
    except: id,
  })
  if (there !== undefined) throw takenBy(there, { kind: noun.kind, called: key, field: KEY_FIELD[noun.kind] })
}

const KEY_FIELD = { tool: 'name', prompt: 'name', resource: 'uri' } as const satisfies Record<Kind, string>

interface Renaming<Item, Change> {
  readonly item: Item
  readonly change: Change
}

/** The same of a change that gives an item a name, or another place. What it shares a name with stays as it is until then. */
export async function refuseRenaming<K extends Kind, Item extends StoredItem<Id<K>>, Change extends ItemChange>(
  { noun, deps }: ItemRoom<K, Item, Change>,
  { item, change }: Renaming<Item, Change>,
  { visibilityClass }: Principal,
): Promise<void> {
  const { kind } = noun
  const isMoved = change.teamId !== undefined || change.visibility !== undefined
  const [before, after] = [namesIn(item, kind), namesIn(change, kind)]
  const asked = (which: keyof NamesOf): string | undefined => {
    const name = after[which] ?? before[which]
    return isMoved || name !== before[which] ? name : undefined
  }
  // What a server calls its own is nobody's concern here.
  const names = { name: asked('name'), key: item.gatewayId === null ? asked('key') : undefined }
  const there = await deps.store.namesake(names, { sight: ownSight(visibilityClass.sight), except: item.id })
  if (there === undefined) return
  throw takenBy(there, { kind, called: noun.nameOf(there), field: kind === 'resource' ? 'uri' : 'customName' })
}

interface Taking {
  readonly kind: Kind
  readonly called: string
  readonly field: string
}

/** In the words that clients know. */
function takenBy(there: StoredItem<string>, { kind, called, field }: Taking): GatewayError {
  const isUri = kind === 'resource'
  if (!there.enabled) {
    const what = isUri ? 'Resource' : `${titleOf(kind)} name`
    const message = `${what} already exists but is inactive. Consider activating it with ID: ${there.id}`
    return new GatewayError('conflict', message, { field })
  }
  const what = isUri ? 'resource already exists with URI' : `${titleOf(kind)} already exists with name`
  return new GatewayError('conflict', `${titleCase(there.visibility)} ${what}: ${called}`, { field })
}

const titleCase = (word: Owned['visibility']): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** A name that an operator chose is not quietly changed into another one: taken is a conflict. */
export async function chosenName(kind: Kind, update: Promise<Changed | undefined>) {
  try {
    return await update
  } catch (error) {
    const constraint = error instanceof GatewayError ? String(error.data?.['constraint']) : ''
    if ([`${kind}s_name`, `${kind}s_local`].includes(constraint))
      throw nameTaken(kind === 'resource' ? 'uri' : 'customName', error)
    throw error
  }
}
