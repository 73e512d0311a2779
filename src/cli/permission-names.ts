import { nearest } from '#/lib/nearest.ts'
import type { Api } from './api.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

/** Permissions as they are named on the command line, `tools.*` for all of a kind, as the gateway's closed list has them. */
export async function permissionsIn(api: Api, named: readonly string[]): Promise<readonly string[]> {
  const { all_permissions: list } = await api.json('GET', '/v1/rbac/permissions/available')
  const known = Array.isArray(list) ? list.map(plainText) : []
  return [...new Set(named.flatMap((name) => meantBy(name, known)))]
}

function meantBy(name: string, known: readonly string[]): readonly string[] {
  const kind = name.endsWith('.*') ? name.slice(0, -1) : undefined
  const meant = known.filter((one) => (kind === undefined ? one === name : one.startsWith(kind)))
  if (meant.length > 0) return meant
  const similar = similarTo(name, known)
  const hint = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : `there are ${known.join(', ')}`
  const message = `there is no permission ${JSON.stringify(plainText(name))}: ${hint}`
  throw new CliError(message, { code: 'invalid_field', details: { field: 'permissions', candidates: similar } })
}

const MOST = 5

/** The nearest names, the nearest first; else those of the same kind, or of the same deed (`exec` → `tools.execute`). */
function similarTo(name: string, known: readonly string[]): readonly string[] {
  const near: string[] = []
  for (let one = nearest(name, known); one !== null && near.length < MOST;) {
    near.push(one)
    one = nearest(name, without(known, near))
  }
  if (near.length > 0) return near
  const [kind = '', deed = kind] = name.toLowerCase().split('.')
  const kinds = [...new Set(known.map((one) => one.slice(0, one.indexOf('.'))))]
  const meant = nearest(kind, kinds)
  const same = known.filter((one) => one.startsWith(`${meant ?? kind}.`) || (deed !== '' && one.includes(`.${deed}`)))
  return same.slice(0, MOST)
}

const without = (known: readonly string[], found: readonly string[]): readonly string[] =>
  known.filter((one) => !found.includes(one))
