import type { DatabaseResult } from '../results.ts'
import { markup, type Markup } from './markup.ts'
import { table } from './tables.ts'
import { UNITS, whole } from './units.ts'

const COLUMNS = [
  { name: 'source' },
  { name: 'state' },
  { name: 'count', form: 'number' },
  { name: 'avg_age', form: 'number' },
  { name: 'max_age', form: 'number' },
] as const

const isIdleInTransaction = (state: string): boolean => state.startsWith('idle in transaction')

/** Who held connections, in which state and for how long. */
export function databaseSection(database: DatabaseResult | null): Markup {
  if (database === null)
    return markup`<p class="soft">Nobody may look into this target’s database, so nothing is known of it.</p>`
  const rows = database.activity.map(({ source, state, count, avgAgeMs, maxAgeMs }) => [
    source,
    { text: state, isBad: isIdleInTransaction(state) && count > 0 },
    whole(count),
    UNITS.ms(avgAgeMs),
    UNITS.ms(maxAgeMs),
  ])
  return markup`${rows.length === 0 ? markup`<p class="soft">No connection was seen.</p>` : table({ columns: COLUMNS, rows })}
<p class="soft">${whole(database.looks)} looks. A count is the most seen at once; an age is how long a connection had been in its state.</p>`
}
