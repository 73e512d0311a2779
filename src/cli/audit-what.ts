import type { Json } from './api.ts'
import { plainText } from './terminal.ts'

/** Of several who are named in one record so many. */
const MOST = 3

/** To what a record is: what it is called, else whose account it is. */
export function targetOf({ target_kind: kind, target_id: id, detail }: Json): string {
  const { name, email } = detail as Json
  return plainText(name ?? email ?? `${plainText(kind)} ${plainText(id)}`)
}

/** Whom else a record concerns, in which role and team, and what is another now. */
export function whatOf({ detail }: Json): string {
  const said = detail as Json
  const { name, email, team, isOwner, user } = said
  const concerned = name === undefined ? undefined : (email ?? user)
  const role = isOwner === true ? ' as owner' : ''
  return [
    ...(typeof concerned === 'string' ? [plainText(concerned) + role] : []),
    ...(typeof team === 'string' ? [`in ${plainText(team)}`] : []),
    ...people(said['members']),
    ...people(said['invited']),
    ...changed(said['changes']),
  ].join(', ')
}

function people(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return []
  const all = list as readonly Json[]
  const named = all
    .slice(0, MOST)
    .map(({ email, isOwner }) => `${plainText(email)}${isOwner === true ? ' as owner' : ''}`)
  return all.length > MOST ? [...named, `${all.length - MOST} more`] : named
}

function changed(changes: unknown): readonly string[] {
  if (typeof changes !== 'object' || changes === null) return []
  return Object.entries(changes).map(([field, pair]) => {
    if (!Array.isArray(pair)) return field
    const [before, after] = pair as readonly unknown[]
    return field === 'member' ? membership(before, after) : `${field} ${shown(before)} → ${shown(after)}`
  })
}

/** In a team: `owner`, `member`, or null for neither. */
function membership(before: unknown, after: unknown): string {
  if (before === null) return `added as ${shown(after)}`
  return after === null ? `removed, was ${shown(before)}` : `${shown(after)}, was ${shown(before)}`
}

const shown = (value: unknown): string => plainText(typeof value === 'string' ? value : JSON.stringify(value))
