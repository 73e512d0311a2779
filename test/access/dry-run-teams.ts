import { TeamId } from '#/access/ids.ts'
import { ADMIN, emailOf, mail, type Asked, type DryScene } from './dry-run-scene.ts'
import { STALE, type Row } from './dry-run-things.ts'

export const members = (id: string, who?: string): string =>
  `/v1/teams/${id}/members${who === undefined ? '' : `/${emailOf(who)}`}`

/** Somebody in a team beside who made it. */
export async function memberOf(
  scene: DryScene,
  role: 'member' | 'owner' = 'member',
): Promise<{ team: string; who: string }> {
  const [team, who] = [await scene.team(), await scene.person()]
  await scene.admin('POST', members(team), { email: mail(who), role })
  return { team, who }
}

/** A member who is changed or taken out, with `more` said. */
function ofMember(body?: object): Row {
  const asked = async (scene: DryScene, status: number, more: Partial<Asked> = {}): Promise<Asked> => {
    const { team, who } = await memberOf(scene)
    return { path: members(team, who), ...(body && { body }), status, ...more }
  }
  return {
    valid: (scene) => asked(scene, 200),
    taken: null,
    absent: async (scene) => ({
      path: members(await scene.team(), await scene.person()),
      ...(body && { body }),
      status: 404,
    }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: members(team, who), ...(body && { body }), status: 403 }
    },
    bad:
      body === undefined
        ? async (scene) => ({ path: members('none', await scene.person()), status: 404 })
        : (scene) => asked(scene, 422, { body: { role: 'king' } }),
    stale: (scene) => asked(scene, 412, { ifMatch: STALE }),
    others: {
      'the last owner': async (scene) => ({
        path: members(await scene.team(), ADMIN),
        ...(body && { body: { role: 'member' } }),
        status: 409,
      }),
      'a team of one': async (scene) => ({
        path: members(await personalTeam(scene), ADMIN),
        ...(body && { body }),
        status: 409,
      }),
    },
  }
}

export async function personalTeam(scene: DryScene): Promise<string> {
  return String((await scene.admin('GET', '/v1/auth/email/me'))['id'])
}

/** Every route of teams that can be asked what it would do. */
export const TEAMS: Readonly<Record<string, Row>> = {
  'POST /teams/{id}/members': {
    valid: async (scene) => ({
      path: members(await scene.team()),
      body: { email: mail(await scene.person()) },
      status: 200,
    }),
    taken: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { path: members(team), body: { email: mail(who) }, status: 409 }
    },
    absent: async (scene) => ({ path: members(await scene.team()), body: { email: mail(scene.name()) }, status: 404 }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: members(team), body: { email: mail(await scene.person()) }, status: 403 }
    },
    bad: async (scene) => ({
      path: members(await scene.team()),
      body: { email: mail(await scene.person()), role: 'king' },
      status: 422,
    }),
    stale: async (scene) => ({
      path: members(await scene.team()),
      body: { email: mail(await scene.person()) },
      ifMatch: STALE,
      status: 412,
    }),
    others: {
      'a full team': async (scene) => {
        const team = await scene.team()
        await scene.admin('PUT', `/v1/teams/${team}`, { max_members: 1 })
        return { path: members(team), body: { email: mail(await scene.person()) }, status: 409 }
      },
    },
  },
  'PUT /teams/{id}/members/{email}': ofMember({ role: 'owner' }),
  'DELETE /teams/{id}/members/{email}': ofMember(),
  'DELETE /teams/{id}/leave': {
    valid: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: `/v1/teams/${team}/leave`, status: 200 }
    },
    taken: null,
    absent: () => ({ path: `/v1/teams/${TeamId.mint()}/leave`, status: 404 }),
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: `/v1/teams/${await scene.team()}/leave`,
      status: 404,
    }),
    bad: () => ({ path: '/v1/teams/none/leave', status: 404 }),
    stale: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: `/v1/teams/${team}/leave`, ifMatch: STALE, status: 412 }
    },
    others: { 'the last owner': async (scene) => ({ path: `/v1/teams/${await scene.team()}/leave`, status: 409 }) },
  },
  'POST /teams': {
    valid: ({ name }) => ({ path: '/v1/teams', body: { name: name() }, status: 200 }),
    taken: async (scene) => {
      const name = scene.name()
      await scene.admin('POST', '/v1/teams', { name })
      return { path: '/v1/teams', body: { name }, status: 409 }
    },
    absent: null,
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: '/v1/teams',
      body: { name: scene.name() },
      status: 403,
    }),
    bad: () => ({ path: '/v1/teams', body: { name: '-' }, status: 422 }),
    stale: null,
    others: {
      'more than it may have': async (scene) => ({
        path: '/v1/teams',
        body: { name: scene.name(), max_members: 1, members: [{ email: mail(await scene.person()) }] },
        status: 422,
      }),
      'with somebody who is no user': (scene) => ({
        path: '/v1/teams',
        body: { name: scene.name(), members: [{ email: mail(scene.name()) }] },
        status: 200,
      }),
    },
  },
  'PUT /teams/{id}': {
    valid: async (scene) => ({ path: `/v1/teams/${await scene.team()}`, body: { visibility: 'public' }, status: 200 }),
    taken: null,
    absent: () => ({ path: `/v1/teams/${TeamId.mint()}`, body: { name: 'x' }, status: 404 }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: `/v1/teams/${team}`, body: { name: 'x' }, status: 403 }
    },
    bad: async (scene) => ({ path: `/v1/teams/${await scene.team()}`, body: { visibility: 'moon' }, status: 422 }),
    stale: async (scene) => ({
      path: `/v1/teams/${await scene.team()}`,
      body: { name: 'x' },
      ifMatch: STALE,
      status: 412,
    }),
    others: {
      'of one': async (scene) => ({
        path: `/v1/teams/${await personalTeam(scene)}`,
        body: { name: 'x' },
        status: 409,
      }),
    },
  },
  'DELETE /teams/{id}': {
    valid: async (scene) => ({ path: `/v1/teams/${await scene.team()}`, status: 200 }),
    taken: null,
    absent: () => ({ path: `/v1/teams/${TeamId.mint()}`, status: 404 }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: `/v1/teams/${team}`, status: 403 }
    },
    bad: () => ({ path: '/v1/teams/none', status: 404 }),
    stale: async (scene) => ({ path: `/v1/teams/${await scene.team()}`, ifMatch: STALE, status: 412 }),
    others: {
      'with things': async (scene) => {
        const team = await scene.team()
        await scene.thing('servers', { team_id: team })
        return { path: `/v1/teams/${team}`, status: 409 }
      },
      'of one': async (scene) => ({ path: `/v1/teams/${await personalTeam(scene)}`, status: 409 }),
    },
  },
}
