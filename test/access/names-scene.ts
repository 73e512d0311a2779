import { expect, vi } from 'vitest'
import { AssignmentId, TeamId } from '#/access/ids.ts'
import { PLATFORM_ADMIN, TEAM_DEVELOPER } from '#/access/roles.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { makeUser } from './people.ts'

export const WHO = ['ann', 'ben', 'cat', 'root'] as const
export type Who = (typeof WHO)[number]
/** Ann owns the first team, Ben makes things in it, Cat in both; root may do everything everywhere. */
export const TEAMS: Readonly<Record<Exclude<Who, 'root'>, readonly (0 | 1)[]>> = { ann: [0], ben: [0], cat: [0, 1] }

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly id: string }
}

export interface NamesScene extends AsyncDisposable {
  readonly database: TestDatabase
  readonly gateway: RunningGateway
  readonly teams: readonly [string, string]
  tokenOf(who: Who): string
  ask(who: Who, method: string, path: string, body?: object): Promise<Answer>
}

/** People of two teams, and a second administrator beside the one that there is from the start. */
export async function namesScene(): Promise<NamesScene> {
  await using building = new AsyncDisposableStack()
  const database = building.use(await testDatabase())
  const { db, url } = database
  const gateway = building.use(await startGateway({ env: { DATABASE_URL: url } }))
  const teams = [TeamId.mint(), TeamId.mint()] as const
  const people = {} as Record<Who, { readonly id: string; readonly token: string }>
  for (const who of WHO) people[who] = await makeUser(db, who)
  await db.write('tests', async (tx) => {
    const rows = teams.map((id, n) => ({ id, name: `team ${n}`, slug: id }))
    await tx.sql.insertInto('teams').values(rows).execute()
    const places = Object.entries(TEAMS).flatMap(([who, theirs]) =>
      theirs.map((n) => ({ who, at: { user_id: people[who as Who].id, team_id: teams[n] } })),
    )
    const members = places.map(({ who, at }) => ({ ...at, id: AssignmentId.mint(), is_owner: who === 'ann' }))
    await tx.sql.insertInto('team_members').values(members).execute()
    const makers = places.map(({ at }) => ({ ...at, id: AssignmentId.mint(), role_id: TEAM_DEVELOPER.id }))
    const everywhere = { id: AssignmentId.mint(), user_id: people.root.id, role_id: PLATFORM_ADMIN.id, team_id: null }
    await tx.sql
      .insertInto('role_assignments')
      .values([...makers, everywhere])
      .execute()
    tx.changed('team', ...teams)
    tx.changed('user', ...WHO.map((who) => people[who].id))
  })
  const tokenOf = (who: Who): string => people[who].token
  const ask: NamesScene['ask'] = async (who, method, path, body) => {
    const answer = await fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${tokenOf(who)}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }
  for (const who of WHO)
    await vi.waitFor(async () => expect((await ask(who, 'GET', '/v1/servers')).status).toBe(200), { timeout: 20_000 })
  const owned = building.move()
  return { database, gateway, teams, tokenOf, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What is said of a thing but for what is its own alone. */
export const common = ({ status, body: { id, name, ...rest } }: Answer): unknown =>
  JSON.parse(
    JSON.stringify({ status, ...rest }, (key, value: unknown) =>
      /(At|_at)$|^(request_id|cursor)$/.test(key) ? 'its own' : value,
    )
      .replaceAll(id, 'ID')
      .replaceAll(String(name), 'NAME'),
  )
