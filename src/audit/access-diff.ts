import type { ItemKind } from '#/access/otherwise.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { pace } from '#/lib/pace.ts'
import type { AuditReader, AuditRecord } from './audit.ts'
import { PEOPLE } from './rewind-people.ts'
import { THINGS } from './rewind-things.ts'
import { Rewind, type Detail } from './rewind.ts'

const UNDO = { ...THINGS, ...PEOPLE }

const SLICE = 500
/** Older records than so many are not gone back through: the answer then begins later, and says so. */
const MOST_RECORDS = 50_000

export interface Past {
  readonly state: Rewind
  /** From when on the answer holds, in ms since the epoch. */
  readonly from: number
  readonly records: number
}

/** The state of a snapshot at a time in the past, as far as the records of what was changed since tell it. */
export async function rewound(
  reader: AuditReader,
  snapshot: Snapshot,
  { since, kind }: { readonly since: number; readonly kind: ItemKind },
): Promise<Past> {
  const state = new Rewind(snapshot, kind)
  const slice = pace()
  let from = since
  let records = 0
  let before = snapshot.seq + 1
  for (;;) {
    const page = await reader.page({ since: new Date(since) }, before, SLICE)
    for (const record of page) {
      if (slice.due()) await slice.rest()
      await undo(state, record)
    }
    records += page.length
    const oldest = page.at(-1)
    if (oldest === undefined || page.length < SLICE) break
    before = oldest.seq
    if (records < MOST_RECORDS) continue
    from = oldest.at.getTime()
    state.notes.add(`more than ${MOST_RECORDS} changes: this begins with ${oldest.at.toISOString()}`)
    break
  }
  const begins = await remembered(reader, state, from)
  await forgetOffered(reader, state, begins)
  return { state, from: begins, records }
}

async function undo(state: Rewind, record: AuditRecord): Promise<void> {
  await UNDO[record.action]?.(state, record, JSON.parse(record.detail) as Detail)
}

/** What servers have come to offer by themselves is in no record, but its row knows since when it is there. */
async function forgetOffered(reader: AuditReader, state: Rewind, from: number): Promise<void> {
  const slice = pace()
  for (let after = ''; ;) {
    const ids = await reader.offeredSince(state.kind, { since: new Date(from), after, limit: SLICE * 10 })
    for (const id of ids) {
      if (slice.due()) await slice.rest()
      // Whatever became of it since: it was not there.
      state.items.set(id, null)
    }
    if (ids.length < SLICE * 10) return
    after = ids.at(-1) ?? ''
  }
}

/** Records are forgotten after a time: before the oldest that is left, nothing is known. */
async function remembered(reader: AuditReader, { notes }: Rewind, from: number): Promise<number> {
  const { forgotten } = await reader.tip()
  if (forgotten === null) return from
  const [oldest] = await reader.chain({ after: 0, last: Number.MAX_SAFE_INTEGER, limit: 1 })
  const begins = oldest?.at.getTime() ?? from
  if (begins <= from) return from
  notes.add(`older records than ${new Date(begins).toISOString()} were forgotten: this begins there`)
  return begins
}
