import type { RunningGateway } from '../support/gateway.ts'
import type { People } from './people.ts'

/** Whose a thing is, and so who sees it. `absent`: there is none. */
export const PLACES = ['absent', 'private', 'own', 'team', 'other', 'public'] as const
export type Place = (typeof PLACES)[number]
export type There = Exclude<Place, 'absent'>

export const NOUNS = ['gateways', 'servers', 'tools', 'prompts', 'resources', 'tokens', 'teams'] as const
export type Noun = (typeof NOUNS)[number]

/** An id for each kind of thing at each place: everything of it is reached by these. */
export type Things = Readonly<Record<Noun, Readonly<Record<Place, string>>>>

const ABSENT = 'f'.repeat(32)

/** What is said of where a thing stands; the member makes its own, the administrator all others. */
const stands = ({ teams }: People): Readonly<Record<There, object>> => ({
  private: { visibility: 'private' },
  own: { visibility: 'private' },
  team: { visibility: 'team', team_id: teams.own },
  other: { visibility: 'team', team_id: teams.other },
  public: { visibility: 'public' },
})

/** A team, a gateway with its tools, prompts and resources, a virtual server with one of each, and a token, at every place. */
export async function makeThings(gateway: RunningGateway, people: People, upstream: string): Promise<Things> {
  const ids = Object.fromEntries(NOUNS.map((noun) => [noun, { absent: ABSENT }])) as Record<Noun, Record<Place, string>>
  const { own, other, member } = people.teams
  const shared = async (name: string, visibility: string): Promise<string> =>
    (await post(gateway, gateway.token, '/v1/teams', { name, visibility }))['id'] as string
  Object.assign(ids.teams, { own: member, team: own, other })
  ids.teams.private = await shared('of the administrator', 'private')
  ids.teams.public = await shared('for all to see', 'public')
  for (const place of PLACES.filter((each) => each !== 'absent')) {
    const by = place === 'own' ? people.tokens.member : gateway.token
    const at = stands(people)[place]
    const made = await post(gateway, by, '/v1/gateways', { name: `up ${place}`, url: upstream, ...at })
    ids.gateways[place] = made['id'] as string
    for (const noun of ['tools', 'prompts', 'resources'] as const)
      ids[noun][place] = await firstOf(gateway, noun, ids.gateways[place])
    const server = await post(gateway, by, '/v1/servers', {
      name: place,
      associated_tools: [ids.tools[place]],
      associated_prompts: [ids.prompts[place]],
      associated_resources: [ids.resources[place]],
      ...at,
    })
    ids.servers[place] = server['id'] as string
    // There are no tokens but people's own.
    const token = await post(gateway, by, '/v1/tokens', { name: `a target, ${place}` })
    ids.tokens[place] = (token['token'] as { id: string }).id
  }
  return ids
}

async function post(
  gateway: RunningGateway,
  token: string,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const said = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${path} ${JSON.stringify(body)}: ${JSON.stringify(said)}`)
  return said
}

async function firstOf(gateway: RunningGateway, noun: string, gatewayId: string): Promise<string> {
  const { body } = await gateway.api('GET', `/v1/${noun}?limit=0&gateway_id=${gatewayId}`)
  const all = (Array.isArray(body) ? body : []) as { id: string; originalName?: string }[]
  const found = all.find((each) => noun !== 'tools' || each.originalName === 'slow')
  if (found === undefined) throw new Error(`no ${noun} of ${gatewayId}: ${JSON.stringify(body)}`)
  return found.id
}
