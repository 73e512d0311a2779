import type { Results } from '../results.ts'
import { markup, type Markup } from './markup.ts'
import { table } from './tables.ts'
import { whole } from './units.ts'

/** A page is no log: what one reason's example says beyond this helps nobody. */
const EXAMPLE = 600

const COLUMNS = [
  { name: 'request' },
  { name: 'reason', form: 'wide' },
  { name: 'count', form: 'number' },
  { name: 'example', form: 'wide' },
] as const

const shortened = (text: string): string => (text.length > EXAMPLE ? `${text.slice(0, EXAMPLE)} …` : text)

export function failuresSection({ failures }: Results): Markup {
  if (failures.length === 0) return markup`<p class="soft">No request failed.</p>`
  const rows = failures
    .toSorted((a, b) => b.count - a.count)
    .map(({ kind, reason, count, example }) => [kind, reason, whole(count), markup`<code>${shortened(example)}</code>`])
  return table({ columns: COLUMNS, rows })
}
