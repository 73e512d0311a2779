import { decide, type Decision, type Refusal } from '#/access/decide.ts'
import { PLATFORM_PERMISSIONS, USE_PERMISSIONS, type Permission } from '#/access/permissions.ts'
import type { Owned, Principal } from '#/access/principal.ts'
import type { Role, RoleScope } from '#/access/roles.ts'

export interface Explanation {
  readonly decision: Decision
  /** In words. */
  readonly because: string
  /** What would make it another answer; empty where it is yes. */
  readonly wouldChange: readonly string[]
}

interface Question {
  readonly permission: Permission
  /** null: the permission in general. */
  readonly thing: Owned | null
  /** The gateway that serves the thing, which is out of sight together with it. */
  readonly gateway: Owned | undefined
  /** Every role that there is. */
  readonly known: readonly Role[]
}

/** Asks the function that decides every request, and says its answer in words. */
export function explain(principal: Principal, { permission, thing, gateway, known }: Question): Explanation {
  if (gateway !== undefined && !principal.visibilityClass.sees(gateway)) {
    const { because, wouldChange } = explain(principal, { permission, thing: gateway, gateway: undefined, known })
    const decision = { may: false, why: 'unseen' } as const
    return {
      decision,
      because: `of its gateway: ${because}`,
      wouldChange: wouldChange.map((each) => `${each}, for its gateway`),
    }
  }
  const decision = decide(principal, permission, thing)
  if (decision.may) return { decision, because: allowedBy(decision.rule, thing), wouldChange: [] }
  const because = { ...REASONS, unseen: thing === null ? '' : unseen(thing) }[decision.why]
  return { decision, because, wouldChange: remedies(decision.why, { permission, thing, known }) }
}

function allowedBy(rule: string, thing: Owned | null): string {
  if (thing?.visibility === 'public') return `it is public, and ${rule} permits this`
  return `${rule} permits this${thing === null ? '' : ' here'}`
}

const REASONS: Readonly<Record<Exclude<Refusal, 'unseen'>, string>> = {
  token_permission: 'the token does not hold this permission',
  token_server: 'the token is narrowed to one virtual server, and manages nothing',
  token_team: 'the token is narrowed to one team, and this concerns the platform as a whole',
  no_role: 'no role that is held covers this',
}

function unseen({ visibility }: Owned): string {
  if (visibility === 'private') return "it is private and somebody else's, or of a team that was left: it is absent"
  return 'it is for a team that the user, or its token, is not in: it is absent'
}

type Lacking = Omit<Question, 'gateway'>

function remedies(why: Refusal, lacking: Lacking): readonly string[] {
  const { thing } = lacking
  switch (why) {
    case 'unseen':
      return thing?.visibility === 'team' && thing.teamId !== null
        ? [`a membership of team ${thing.teamId}`, 'visibility public']
        : ['visibility team together with a membership of that team', 'visibility public']
    case 'no_role':
      return roles(lacking)
    default:
      return ['a token that is not narrowed in this way']
  }
}

/** Roles that would do, in the scope where they would; of each scope the one that permits least comes first. */
function roles({ permission, thing, known }: Lacking): readonly string[] {
  const named = (scope: RoleScope): readonly string[] =>
    known
      .filter((role) => role.scope === scope && role.permissions.has(permission))
      .toSorted((a, b) => a.permissions.size - b.permissions.size || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name)
  const inPlatform = named('platform').map((name) => `the role ${name} in the platform`)
  if (PLATFORM_PERMISSIONS.has(permission)) return inPlatform
  const where =
    thing === null || (thing.visibility === 'public' && USE_PERMISSIONS.has(permission))
      ? 'in any team'
      : thing.teamId === null
        ? null
        : `in team ${thing.teamId}`
  return where === null ? inPlatform : [...named('team').map((name) => `the role ${name} ${where}`), ...inPlatform]
}
