import type { Entry } from '#/users/sso.ts'
import type { Withdrawn } from './self-made.ts'
import { BY_GROUPS, type GroupChange } from './sso-roles.ts'
import type { AuditEntry, WriteTx } from './store.ts'

interface Arrival {
  readonly entry: Entry
  readonly email: string
  readonly steps: readonly GroupChange[]
  readonly withdrawn: Withdrawn | null
}

/**
 * What a sign-in changed of who may do what has the same records as when an administrator does it, each with its own number; what is
 * said after them is the sign-in itself.
 */
export function tellArrival(tx: WriteTx, arrival: Arrival): void {
  const { entry, email, steps } = arrival
  for (const record of madeOrLinked(arrival)) tell(tx, BY_GROUPS, record)
  tellSteps(tx, steps, { by: BY_GROUPS, userId: entry.person.userId, email })
}

interface Whose {
  /** Who brought it about. */
  readonly by: string
  readonly userId: string
  readonly email: string
}

/** A record for each of what groups brought, or took with them. */
export function tellSteps(tx: WriteTx, steps: readonly GroupChange[], { by, userId, email }: Whose): void {
  for (const step of steps.toSorted(inOrder)) tell(tx, by, recordOf(step, userId, email))
}

function tell(tx: WriteTx, actor: string, record: Record): void {
  tx.audit({ actor, ...record })
  tx.another()
}

type Record = Omit<AuditEntry, 'actor'>

function madeOrLinked({ entry, email, withdrawn }: Arrival): readonly Record[] {
  const { person, vouched, issuer } = entry
  const { userId: targetId, kind } = person
  const by = { email, issuer, subject: vouched.subject }
  const made = { fullName: vouched.fullName, kind: 'person', isAdmin: false, enabled: true }
  if (kind === 'make') return [{ action: 'users.create', targetKind: 'user', targetId, detail: { ...by, ...made } }]
  if (kind === 'link') return [{ action: 'users.link', targetKind: 'user', targetId, detail: { ...by, withdrawn } }]
  return []
}

/** A role in a team goes before its membership, and comes after it. */
const inOrder = (one: GroupChange, other: GroupChange): number => place(one) - place(other)
const place = ({ what, roleId }: GroupChange): number =>
  what === 'lost' ? (roleId === null ? 1 : 0) : roleId === null ? 2 : 3

function recordOf(step: GroupChange, userId: string, email: string): Record {
  const { what, roleId, role, teamId, team, until } = step
  const isGained = what === 'gained'
  if (roleId === null) {
    const action = isGained ? 'teams.member_add' : 'teams.member_remove'
    const member = [null, 'member']
    const changes = { member: isGained ? member : member.toReversed() }
    const was = isGained ? null : { isOwner: false, roles: [] }
    return { action, targetKind: 'team', targetId: teamId ?? '', detail: { name: team, email, userId, changes, was } }
  }
  const held = { name: role, email, team, userId, teamId }
  return isGained
    ? { action: 'roles.assign', targetKind: 'role', targetId: roleId, detail: { ...held, expiresAt: null, was: null } }
    : { action: 'roles.revoke', targetKind: 'role', targetId: roleId, detail: { ...held, was: [until] } }
}
