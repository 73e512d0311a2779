import { sql } from 'kysely'
import { AssignmentId, PLATFORM_ADMIN_ROLE, PLATFORM_VIEWER_ROLE } from '#/access/ids.ts'
import type { Entered, Entry, SsoStore } from '#/users/sso.ts'
import { inMs } from './columns.ts'
import { constraintOf } from './errors.ts'
import { provenance } from './item-writes.ts'
import { personalTeamName } from './people-rows.ts'
import { beginSession, endOldestSessions, MOST_SESSIONS } from './session-rows.ts'
import { withdrawSelfMade, type Withdrawn } from './self-made.ts'
import { closedForMs, countGuess } from './sign-in-guesses.ts'
import { knownAs } from './sso-known.ts'
import { tellArrival } from './sso-records.ts'
import { BY_GROUPS, reconcile, type GroupChange, type Reconciled } from './sso-roles.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'sign-in'

/** People whom an identity provider vouches for, in PostgreSQL. */
export function ssoStore(db: Database, limits: { readonly members: number }): SsoStore {
  const read = db.read(SOURCE)
  return {
    known: (...whom) => knownAs(read, ...whom),
    closedForMs: (network) => closedForMs(db, network),
    refused: async (network) => {
      await countGuess(db, null, network)
    },
    claim: async ({ name, leftMs }) => {
      const { count } = await db.statement(
        SOURCE,
        () => sql`INSERT INTO used_logins (login, ends_at) VALUES (${name}, ${inMs(leftMs)}) ON CONFLICT DO NOTHING`,
      )
      return count === 1
    },
    release: async ({ name }) => {
      await db.statement(SOURCE, () => sql`DELETE FROM used_logins WHERE login = ${name}`)
    },
    enter: async (entry) => {
      try {
        const { value, seq } = await db.write(SOURCE, (tx) => enter(tx, entry, limits))
        if (value === undefined) return 'disabled'
        const { userId } = entry.person
        if (value.sessions < MOST_SESSIONS) return { email: value.email, seq } satisfies Entered
        const ended = await db.write(SOURCE, (tx) => endOldestSessions(tx, userId))
        return { email: value.email, seq: ended.seq ?? seq } satisfies Entered
      } catch (error) {
        const outcome = OUTCOMES[constraintOf(error) ?? '']
        if (outcome === undefined) throw error
        return outcome
      }
    },
  }
}

/** What another sign-in, a moment ago, has to do with this one. */
const OUTCOMES: Readonly<Record<string, 'used' | 'changed'>> = {
  used_logins_pkey: 'used',
  user_identities_pkey: 'changed',
  user_identities_user: 'changed',
  users_email: 'changed',
}

/**
 * Five statements at most: two of them see to it that somebody who is administrator by a group is not lost as the last one, and whoever
 * is cannot be somebody whom no provider vouched for before, of whom three withdraw what was there.
 */
async function enter(tx: WriteTx, entry: Entry, limits: { readonly members: number }): Promise<Begun | undefined> {
  const { person, roles } = entry
  if (person.kind === 'make') await make(tx, entry)
  const withdrawn = person.kind === 'link' ? await withdrawSelfMade(tx, person.userId) : null
  const begun = await begin(tx, entry)
  if (begun === undefined) return undefined
  const { email, is_at_stake: isAtStake } = begun
  const { steps, ...change } = await reconcile(tx, { userId: person.userId, roles, limits, isAtStake })
  tell(tx, { entry, email, change, steps, withdrawn })
  return begun
}

async function make(tx: WriteTx, { person: { userId: id }, vouched, session }: Entry): Promise<void> {
  const { email, fullName } = vouched
  const { fromIp, userAgent } = session
  const made = provenance({ userId: id, by: email ?? '', via: 'api', fromIp, userAgent })
  await sql`
    WITH made AS (
        INSERT INTO users (id, email, full_name, kind, enabled, created)
        VALUES (${id}, ${email}, ${fullName}, 'person', true, ${made}::jsonb)),
      team AS (
        INSERT INTO teams (id, name, slug, personal_of)
        VALUES (${id}, ${personalTeamName(email ?? '')}, ${`personal-${id}`}, ${id}))
    INSERT INTO role_assignments (id, user_id, role_id, granted_by)
    VALUES (${AssignmentId.mint()}, ${id}, ${PLATFORM_VIEWER_ROLE}, ${email})`.execute(tx.sql)
}

/**
 * The mark, the link and the session. The user is locked: one that is disabled meanwhile is seen here, or sees this session. So is the
 * link of somebody known: one that is taken away meanwhile leads nowhere.
 */
async function begin(tx: WriteTx, entry: Entry): Promise<Begun | undefined> {
  const { mark, issuer, vouched, person, session } = entry
  const isNew = person.kind !== 'known'
  const { rows } = await sql<Begun>`
    WITH used AS (INSERT INTO used_logins (login, ends_at) VALUES (${mark.name}, ${inMs(mark.leftMs)})),
      known AS MATERIALIZED (
        SELECT user_id FROM user_identities WHERE issuer = ${issuer} AND subject = ${vouched.subject} AND user_id = ${person.userId}
           FOR KEY SHARE),
      who AS (
        SELECT id, email FROM users WHERE id = ${person.userId} AND enabled
           AND (${isNew}::boolean OR id IN (SELECT user_id FROM known)) FOR NO KEY UPDATE),
      linked AS (
        INSERT INTO user_identities (issuer, subject, user_id)
        SELECT ${issuer}, ${vouched.subject}, id FROM who WHERE ${isNew}::boolean),
      ${beginSession(session, 'sso')}
    SELECT email, EXISTS (SELECT 1 FROM role_assignments AS r WHERE r.user_id = who.id AND r.role_id = ${PLATFORM_ADMIN_ROLE}
      AND r.team_id IS NULL AND r.granted_by = ${BY_GROUPS}) AS is_at_stake,
      (SELECT count(*)::int FROM sessions AS s WHERE s.user_id = who.id) AS sessions FROM who`.execute(tx.sql)
  return rows[0]
}

interface Begun {
  readonly email: string
  readonly is_at_stake: boolean
  /** That the user had before. */
  readonly sessions: number
}

interface Told {
  readonly entry: Entry
  readonly email: string
  readonly change: Reconciled
  readonly steps: readonly GroupChange[]
  readonly withdrawn: Withdrawn | null
}

function tell(tx: WriteTx, { entry, email, change, steps, withdrawn }: Told): void {
  tellArrival(tx, { entry, email, steps, withdrawn })
  const { person, session, issuer, vouched } = entry
  tx.changed('token', session.tokenId)
  const isChanged = change.gained.length + change.lost.length > 0
  if (isChanged || person.kind === 'make') tx.changed('user', person.userId)
  const detail = {
    email,
    session: session.id,
    provider: 'sso',
    issuer,
    subject: vouched.subject,
    fromIp: session.fromIp,
    ...(person.kind === 'make' && { made: true }),
    ...(person.kind === 'link' && { linked: true }),
    ...(withdrawn !== null && { withdrawn }),
    ...change,
    recorded: true,
  }
  tx.audit({ actor: email, action: 'session.begin', targetKind: 'user', targetId: person.userId, detail })
}
