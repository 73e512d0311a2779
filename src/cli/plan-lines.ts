import type { Json } from './api.ts'
import { plainText, type Terminal } from './terminal.ts'
import { toldApart } from './told-apart.ts'

const SIGNS: Readonly<Record<string, string>> = { create: '+', change: '~', remove: '-', keep: ' ' }

/** What differs and what became of it: `+` is made, `~` changed from → to, `-` removed. */
export function printPlan(out: Terminal, answer: Json): void {
  const steps = listOf(answer['steps'])
  const left = listOf(answer['left'])
  // What goes, or is left, may be called like what comes.
  const titles = toldApart([...steps, ...left], titleOf, ({ id }) => (id === null ? 'new' : plainText(id)))
  for (const [n, step] of steps.entries())
    printStep(out, step, { title: titles[n] ?? '', isPlan: answer['dry_run'] === true })
  for (const title of titles.slice(steps.length))
    out.print(out.dim(`  ${title} is no longer declared: --prune removes it`))
  out.print(summary(answer, steps))
}

const titleOf = ({ kind, name }: Json): string => `${plainText(kind)} ${plainText(name)}`

interface Printing {
  /** Its kind and name. */
  readonly title: string
  readonly isPlan: boolean
}

function printStep(out: Terminal, step: Json, { title: what, isPlan }: Printing): void {
  const action = plainText(step['action'])
  const kind = plainText(step['kind'])
  const title = `${SIGNS[action] ?? '?'} ${kind} ${out.bold(what.slice(kind.length + 1))}`
  out.print(action === 'create' ? out.green(title) : action === 'remove' ? out.red(title) : title)
  for (const change of listOf(step['changes'])) out.print(`    ${changeLine(change, action)}`)
  const { error, note } = step
  if (error !== null && error !== undefined)
    out.print(`    ${out.red(`failed: ${plainText((error as Json)['message'])}`)}`)
  else if (!isPlan && step['done'] !== true) out.print('    not done')
  if (typeof note === 'string') out.print(`    ${out.dim(plainText(note))}`)
}

function changeLine({ field, from, to }: Json, action: string): string {
  const name = plainText(field)
  return action === 'create' ? `${name}: ${shown(to)}` : `${name}: ${shown(from)} → ${shown(to)}`
}

const LONGEST = 160

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  const text = plainText(JSON.stringify(value))
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function summary(answer: Json, steps: readonly Json[]): string {
  const isPlan = answer['dry_run'] === true
  const of = (action: string): number =>
    steps.filter((step) => step['action'] === action && (isPlan || step['done'] === true)).length
  const words = isPlan ? ['to create', 'to change', 'to remove'] : ['created', 'changed', 'removed']
  const counts = [of('create'), of('change'), of('remove')].map((count, index) => `${count} ${words[index] ?? ''}`)
  const failed = Number(answer['failed'])
  return [...counts, `${Number(answer['unchanged'])} as declared`, ...(failed > 0 ? [`${failed} failed`] : [])].join(
    ', ',
  )
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}
