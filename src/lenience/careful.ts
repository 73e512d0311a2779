import { likeness, strangersIn, unknownFields, type Stranger } from '#/api/known-fields.ts'
import type { Json } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { asksForNothing } from './bodies.ts'

/** Whose every field decides about access: a name that is not known there would be a restriction that nobody enforces. */
const CLOSED_TAGS: ReadonlySet<string> = new Set(['users', 'teams', 'roles', 'tokens', 'access'])

/** Fields whose loss opens what was to be closed, or does what was only asked about. Elsewhere, what is not known is others' and ignored. */
const CAREFUL: ReadonlySet<string> = new Set([
  'visibility',
  'teamId',
  'team_id',
  'dry_run',
  'conflict_strategy',
  'selected_entities',
])

/** What entities carry beside the field that they are like: no slip where that field is said as well. */
const COMPANIONS: ReadonlySet<string> = new Set(['team'])

/** Refuses a body's unknown names where they may have been meant to say who may do or see something. */
export function refuseSlips({ tag, body: schema }: Endpoint, body: Json): void {
  if (schema === undefined) return
  const strangers = strangersIn(schema, body)
  refuse(strangers.filter(CLOSED_TAGS.has(tag) ? isAsking : isSlip), 'body')
}

/** A query may carry what is nobody's business, such as a time against caches; not something like what the route knows. */
export function refuseQuerySlips({ route, tag, query: schema }: Endpoint, query: Json): void {
  const declared = Object.keys(schema?.properties ?? {})
  const careful = CLOSED_TAGS.has(tag) ? declared : declared.filter((name) => CAREFUL.has(name))
  // Whoever misspells the question what a change would do is not answered by doing it.
  const names = route.startsWith('GET ') ? careful : [...new Set([...careful, 'dry_run'])]
  const unknown = Object.entries(query).filter(([key]) => key !== 'dry_run' && !declared.includes(key))
  const strangers = unknown.map(([key, value]): Stranger => ({ key, field: key, value, names, beside: query }))
  refuse(
    strangers.filter(({ key }) => likeness(key, names) !== undefined),
    'query',
  )
}

/** What a team or a user says of itself and no change can mean: whoever reads one, changes it and writes it back sends this along. */
const ECHOED: ReadonlySet<string> = new Set([
  'id',
  'slug',
  'version',
  'created_at',
  'updated_at',
  'created_by',
  'member_count',
  'is_personal',
  'auth_provider',
  'last_login',
  'failed_login_attempts',
  'locked_until',
  'is_locked',
])

function isAsking({ key, field, value }: Stranger): boolean {
  const isEcho = field === key && (ECHOED.has(key) || (key === 'is_active' && value === true))
  return !isEcho && !asksForNothing(value)
}

function isSlip({ key, value, names, beside }: Stranger): boolean {
  const meant = likeness(key, names)
  if (meant === undefined || !CAREFUL.has(meant) || asksForNothing(value)) return false
  return !(COMPANIONS.has(key) && Object.hasOwn(beside, meant))
}

function refuse([first, ...more]: readonly Stranger[], within: string): void {
  if (first !== undefined) throw unknownFields([first, ...more], within)
}
