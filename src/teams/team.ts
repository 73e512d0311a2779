import type { TeamId, UserId } from '#/access/ids.ts'
import type { Owned, VisibilityClass } from '#/access/principal.ts'
import type { Visibility } from '#/access/principal.ts'
import type { Sight } from '#/access/visibility.ts'
import type { Actor, Changed, WriteTo } from '#/api/actor.ts'
import { writerFor } from '#/api/dry-run.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { TeamEntryStore, TeamEntryWriter, TeamLimits } from './entry.ts'

/** A team as it is stored. Times are ISO 8601 with microseconds. */
export interface Team {
  readonly id: TeamId
  readonly name: string
  readonly slug: string
  readonly description: string | null
  readonly isPersonal: boolean
  /** public: others find it and may ask to join. */
  readonly visibility: Exclude<Visibility, 'team'>
  readonly maxMembers: number | null
  readonly memberCount: number
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string | null
}

export interface Member {
  readonly id: string
  readonly teamId: TeamId
  readonly userId: UserId
  readonly email: string
  readonly isOwner: boolean
  readonly createdAt: string
  readonly invitedBy: string | null
}

/** A team is its members' thing; a public one is seen by everybody. */
export function ownedTeam(team: Team): Team & Owned {
  return {
    ...team,
    ownerId: null,
    teamId: team.id,
    visibility: team.visibility === 'public' ? 'public' : 'team',
  } as never
}

/** What only members see of a team, whether it is public or not. */
export const membersOnly = ({ id }: Team): Owned => ({ ownerId: null, teamId: id, visibility: 'team' })

export interface TeamDeclaration {
  readonly name: string
  readonly slug: string
  readonly description: string | null
  readonly visibility: Team['visibility']
  readonly maxMembers: number | null
}

export interface NewTeam extends TeamDeclaration {
  readonly id: TeamId
  /** Who is in it from the start, by e-mail; whoever makes it owns it. */
  readonly members: readonly { readonly email: string; readonly isOwner: boolean }[]
}

/** What became of a change of the members: `full`, `many` (teams of one user), `there` and `last_owner` are refusals. */
export type MemberOutcome =
  | { readonly kind: 'done'; readonly seq: number | null }
  | { readonly kind: 'no_user' | 'no_member' | 'there' | 'full' | 'many' | 'last_owner' | 'stale' }

export interface TeamStore {
  /** Of which teams: those that the sight is in (all that people share, for who sees everything), or public ones that it is not in. */
  page(
    request: PageRequest & { readonly sight: Sight; readonly skip: number },
    which: 'mine' | 'others',
  ): Promise<Page<Team> & { total: number }>
  /** undefined: there is none, or it is not seen by these. Which of the two is decided before anything of it is read. */
  seen(id: TeamId, by: VisibilityClass): Promise<Team | undefined>
  /** For what is known to be seen. */
  byId(id: TeamId): Promise<Team | undefined>
  /**
   * Answers the e-mails of those who were added; unknown ones are left out. Throws `conflict` where a team has the slug that these see:
   * what is hidden from them is not in the way.
   */
  create(team: NewTeam, actor: Actor, by: VisibilityClass): Promise<Changed & { readonly added: readonly string[] }>
  /** Throws `conflict` where it becomes public and a public team has its slug. */
  update(id: TeamId, declaration: TeamDeclaration, to: WriteTo): Promise<Changed | undefined>
  /** Throws `conflict` while there are things of the team. */
  remove(id: TeamId, to: WriteTo): Promise<Changed | undefined>
  members(id: TeamId, request: PageRequest): Promise<Page<Member>>
  member(id: TeamId, email: string): Promise<Member | undefined>
  add(id: TeamId, member: { readonly email: string; readonly isOwner: boolean }, to: WriteTo): Promise<MemberOutcome>
  setOwner(
    id: TeamId,
    member: { readonly email: string; readonly isOwner: boolean },
    to: WriteTo,
  ): Promise<MemberOutcome>
  drop(id: TeamId, email: string, to: WriteTo): Promise<MemberOutcome>
}

/** Where the ways into a team are written: a dry run takes it back. */
export function entriesFor(
  { entries, entriesRehearsal }: Pick<TeamDeps, 'entries' | 'entriesRehearsal'>,
  query: { readonly dry_run?: boolean },
): TeamEntryWriter {
  return writerFor({ store: entries, rehearsal: entriesRehearsal }, query)
}

export interface TeamDeps {
  readonly store: TeamStore
  /** Takes back what it writes. */
  readonly rehearsal: TeamStore
  readonly entries: TeamEntryStore
  readonly entriesRehearsal: TeamEntryWriter
  readonly limits: TeamLimits
  /** What is known of everybody, with whatever was changed until now. */
  readonly fresh: () => Promise<Snapshot>
  /** How clients reach us; null: as whoever asks does. */
  readonly publicUrl: string | null
  readonly settled: (seq: number | null) => Promise<void>
}
