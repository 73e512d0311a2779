import type { Json } from './api.ts'
import { plainText, type Terminal } from './terminal.ts'

const SIGNS: Readonly<Record<string, string>> = { create: '+', change: '~', remove: '-', keep: ' ' }

/** What differs and what became of it: `+` is made, `~` changed from → to, `-` removed. */
export function printPlan(out: Terminal, answer: Json): void {
  const steps = listOf(answer['steps'])
  for (const step of steps) printStep(out, step, answer['dry_run'] === true)
  for (const { kind, name } of listOf(answer['left']))
    out.print(out.dim(`  ${plainText(kind)} ${plainText(name)} is no longer declared: --prune removes it`))
  out.print(summary(answer, steps))
}

function printStep(out: Terminal, step: Json, isPlan: boolean): void {
  const action = plainText(step['action'])
  const title = `${SIGNS[action] ?? '?'} ${plainText(step['kind'])} ${out.bold(plainText(step['name']))}`
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
