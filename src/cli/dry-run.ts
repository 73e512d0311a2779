import type { Json } from './api.ts'
import { tableLines } from './table.ts'
import { plainText, type Terminal } from './terminal.ts'

export const DRY_RUN_OPTION = [
  '--dry-run',
  'change nothing: show who would gain and who would lose which tool',
] as const

/** The path of a change, or of the question what it would do. */
export function dryPath(path: string, isDry: boolean | undefined): string {
  if (isDry !== true) return path
  return `${path}${path.includes('?') ? '&' : '?'}dry_run=true`
}

/** What a change would do, in a table or as it was answered. */
export function showEffects(out: Terminal, said: Json, json: boolean | undefined): void {
  if (json === true) return out.print(JSON.stringify(said, null, 2))
  const rows = (['gains', 'loses'] as const).flatMap((change) =>
    effectsIn(said[change]).map((one) => [change, plainText(one['user']), plainText(one['tool'])]),
  )
  if (rows.length === 0) out.print('nobody would gain or lose a tool')
  else for (const line of tableLines(['', 'USER', 'TOOL'], rows, out)) out.print(line)
  if (said['is_complete'] !== true) out.note('there is more; these are the first')
  out.note('nothing was changed')
}

function effectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}
