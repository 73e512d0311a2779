import { AssignmentId, TeamId } from '#/access/ids.ts'
import { ADMIN, mail, type DryScene } from './dry-run-scene.ts'
import { members, memberOf, personalTeam } from './dry-run-teams.ts'
import { STALE, type Row } from './dry-run-things.ts'

const invitations = (team: string): string => `/v1/teams/${team}/invitations`
const joining = (team: string): string => `/v1/teams/${team}/join`
const accepting = (token: string): string => `/v1/teams/invitations/${token}/accept`

async function openTeam(scene: DryScene): Promise<string> {
  const team = await scene.team()
  await scene.admin('PUT', `/v1/teams/${team}`, { visibility: 'public' })
  return team
}

/** Somebody who is invited into a team. */
async function invited(scene: DryScene) {
  const [team, who] = [await scene.team(), await scene.person()]
  const { id, token } = await scene.admin('POST', invitations(team), { email: mail(who) })
  return { team, who, id: String(id), token: String(token) }
}

/** Somebody who asks at a team. */
async function asked(scene: DryScene) {
  const [team, who] = [await openTeam(scene), await scene.person()]
  const { status, said } = await scene.ask('POST', { who, path: joining(team), body: {} })
  if (status >= 300) throw new Error(JSON.stringify(said))
  return { team, who, request: `/v1/teams/${team}/join-requests/${String(said['id'])}` }
}

const noRequest = (team: string): string => `/v1/teams/${team}/join-requests/${AssignmentId.mint()}`

function ofRequest(tail: '' | '/approve'): Row {
  return {
    valid: async (scene) => ({ path: (await asked(scene)).request + tail, status: 200 }),
    taken: null,
    absent: async (scene) => ({ path: noRequest(await openTeam(scene)) + tail, status: 404 }),
    forbidden: async (scene) => {
      const { who, request } = await asked(scene)
      return { who, path: request + tail, status: 403 }
    },
    bad: async (scene) => ({ path: `/v1/teams/${await openTeam(scene)}/join-requests/none${tail}`, status: 404 }),
    stale: null,
    others: {
      'of a team of one': async (scene) => ({ path: noRequest(await personalTeam(scene)) + tail, status: 409 }),
    },
  }
}

/** The ways into a team that two have to agree to. */
export const ENTRIES: Readonly<Record<string, Row>> = {
  'POST /teams/{id}/invitations': {
    valid: async (scene) => ({
      path: invitations(await scene.team()),
      body: { email: mail(scene.name()) },
      status: 200,
    }),
    taken: async (scene) => {
      const { team, who } = await invited(scene)
      return { path: invitations(team), body: { email: mail(who) }, status: 409 }
    },
    absent: ({ name }) => ({ path: invitations(TeamId.mint()), body: { email: mail(name()) }, status: 404 }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      return { who, path: invitations(team), body: { email: mail(scene.name()) }, status: 403 }
    },
    bad: async (scene) => ({ path: invitations(await scene.team()), body: { email: 'nobody' }, status: 422 }),
    stale: null,
    others: {
      'a member': async (scene) => {
        const { team, who } = await memberOf(scene)
        return { path: invitations(team), body: { email: mail(who) }, status: 409 }
      },
    },
  },
  'DELETE /teams/invitations/{invitation_id}': {
    valid: async (scene) => ({ path: `/v1/teams/invitations/${(await invited(scene)).id}`, status: 200 }),
    taken: null,
    absent: () => ({ path: `/v1/teams/invitations/${AssignmentId.mint()}`, status: 404 }),
    forbidden: async (scene) => {
      const { team, who } = await memberOf(scene)
      const { id } = await scene.admin('POST', invitations(team), { email: mail(scene.name()) })
      return { who, path: `/v1/teams/invitations/${String(id)}`, status: 403 }
    },
    bad: () => ({ path: '/v1/teams/invitations/none', status: 404 }),
    stale: null,
  },
  'POST /teams/invitations/{token}/accept': {
    valid: async (scene) => {
      const { who, token } = await invited(scene)
      return { who, path: accepting(token), status: 200 }
    },
    taken: async (scene) => {
      const { team, who, token } = await invited(scene)
      await scene.admin('POST', members(team), { email: mail(who) })
      return { who, path: accepting(token), status: 409 }
    },
    absent: async (scene) => ({ who: await scene.person(), path: accepting('none'), status: 400 }),
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: accepting((await invited(scene)).token),
      status: 400,
    }),
    bad: () => ({ path: accepting('%20'), status: 400 }),
    stale: null,
    others: {
      'a full team': async (scene) => {
        const { team, who, token } = await invited(scene)
        await scene.admin('PUT', `/v1/teams/${team}`, { max_members: 1 })
        return { who, path: accepting(token), status: 409 }
      },
    },
  },
  'POST /teams/{id}/join': {
    valid: async (scene) => ({
      who: await scene.person(),
      path: joining(await openTeam(scene)),
      body: {},
      status: 200,
    }),
    taken: async (scene) => {
      const { team, who } = await asked(scene)
      return { who, path: joining(team), body: {}, status: 409 }
    },
    absent: () => ({ path: joining(TeamId.mint()), body: {}, status: 404 }),
    forbidden: async (scene) => ({
      who: await scene.person(),
      path: joining(await scene.team()),
      body: {},
      status: 404,
    }),
    bad: async (scene) => ({ path: joining(await openTeam(scene)), body: { message: 7 }, status: 422 }),
    stale: async (scene) => ({
      who: await scene.person(),
      path: joining(await openTeam(scene)),
      body: {},
      ifMatch: STALE,
      status: 412,
    }),
    others: { 'a member': async (scene) => ({ path: joining(await openTeam(scene)), body: {}, status: 409 }) },
  },
  'POST /teams/{id}/join-requests/{request_id}/approve': {
    ...ofRequest('/approve'),
    taken: async (scene) => {
      const { team, who, request } = await asked(scene)
      await scene.admin('POST', members(team), { email: mail(who) })
      return { path: `${request}/approve`, status: 409 }
    },
  },
  'DELETE /teams/{id}/join-requests/{request_id}': ofRequest(''),
  'DELETE /auth/identities/{id}': {
    valid: async (scene) => {
      const who = await scene.person()
      return { who, path: `/v1/auth/identities/${await scene.linked(mail(who))}`, status: 200 }
    },
    taken: null,
    absent: async (scene) => ({
      who: await scene.person(),
      path: `/v1/auth/identities/${await scene.linked(ADMIN)}`,
      status: 404,
    }),
    forbidden: null,
    bad: () => ({ path: '/v1/auth/identities/none', status: 404 }),
    stale: null,
  },
  'DELETE /auth/email/admin/users/{email}/identities/{id}': {
    valid: async (scene) => {
      const email = mail(await scene.person())
      return { path: `${identitiesOf(email)}/${await scene.linked(email)}`, status: 200 }
    },
    taken: null,
    absent: async (scene) => ({ path: `${identitiesOf(mail(await scene.person()))}/${'0'.repeat(32)}`, status: 404 }),
    forbidden: async (scene) => {
      const who = await scene.person()
      return { who, path: `${identitiesOf(mail(who))}/${await scene.linked(mail(who))}`, status: 403 }
    },
    bad: async (scene) => ({ path: `${identitiesOf(mail(scene.name()))}/none`, status: 404 }),
    stale: null,
  },
}

const identitiesOf = (email: string): string => `/v1/auth/email/admin/users/${email}/identities`
