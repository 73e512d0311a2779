import type { Api, Json } from './api.ts'
import { working } from './progress.ts'
import { tableLines } from './table.ts'
import { plainText, type Terminal } from './terminal.ts'
import { toldApart } from './told-apart.ts'

export const DRY_RUN_OPTION = [
  '--dry-run',
  'change nothing: show who would gain and who would lose which tool',
] as const

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: object
  readonly json: boolean | undefined
}

/** Asks what a change would do, and shows it in a table or as it was answered. */
export async function foresee(api: Api, out: Terminal, { method, path, body, json }: Asked): Promise<void> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const question = `${path}${path.includes('?') ? '&' : '?'}dry_run=true`
  const ask = (): Promise<Json> => api.json(method, question, text)
  const said = await working(out, 'asking for everybody whom it concerns', ask)
  if (json === true) return out.print(JSON.stringify(said, null, 2))
  printEffects(out, said, 'nobody would gain or lose a tool')
  out.note('nothing was changed')
}

/** Who gains and who loses what. */
export function printEffects(out: Terminal, said: Json, nobody: string): void {
  const found = (['gains', 'loses'] as const).flatMap((change) =>
    effectsIn(said[change]).map((one) => [change, one] as const),
  )
  const where = found.map(([, one]) => wayOf(one))
  const names = toldApart(
    found.map(([, one]) => one),
    (one) => plainText(nameOf(one)),
    (one) => plainText(idIn(one)),
  )
  const named = found.map(([change, one], n) => [change, plainText(one['user']), names[n] ?? ''])
  const rows = where.some((way) => way !== '') ? named.map((row, n) => [...row, where[n] ?? '']) : named
  const head = ['', 'USER', headOf(found[0]?.[1]), ...(rows[0]?.length === 4 ? ['WITH'] : [])]
  if (rows.length === 0) out.print(nobody)
  else for (const line of tableLines(head, rows, out)) out.print(line)
  for (const note of effectsIn(said['notes'])) out.note(plainText(note))
  const unnamed = Number(said['unnamed'] ?? 0)
  if (unnamed > 0) out.note(`and ${unnamed.toLocaleString('en')} more, of people whom you do not see`)
  if (said['is_complete'] !== true) out.note(`there is more; these are ${found.length} of ${totalOf(said)}`)
}

const KINDS = ['tool', 'prompt', 'resource'] as const

const nameOf = (one: Json): unknown => KINDS.map((kind) => one[kind]).find((name) => name !== undefined)
const idIn = (one: Json): unknown => KINDS.map((kind) => one[`${kind}_id`]).find((id) => id !== undefined)
const headOf = (one: Json | undefined): string =>
  (KINDS.find((kind) => one?.[kind] !== undefined) ?? 'tool').toUpperCase()

/** What only a token, or only a virtual server, gives or takes. */
function wayOf({ token_id: token, server }: Json): string {
  const at = server === undefined ? '' : `server ${plainText(server)}`
  return token === undefined ? at : `${at === '' ? '' : `${at}, `}token ${plainText(token)}`
}

function totalOf({ totals }: Json): string {
  const { gains, loses } = (totals ?? {}) as Json
  return (Number(gains ?? 0) + Number(loses ?? 0)).toLocaleString('en')
}

function effectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}
