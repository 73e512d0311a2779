import { GatewayId, PromptId, ResourceId, ServerId, TeamId, ToolId } from '#/access/ids.ts'
import {
  promptBody,
  resourceBody,
  serverBody,
  toolBody,
  type Asked,
  type DryScene,
  type Noun,
} from './dry-run-scene.ts'

type Case = (scene: DryScene) => Asked | Promise<Asked>

/** The cases of a route; null: there is no such case. */
export interface Row {
  readonly valid: Case
  readonly taken: Case | null
  readonly absent: Case | null
  readonly forbidden: Case | null
  readonly bad: Case
  readonly stale: Case | null
  /** Whatever else the route may meet. */
  readonly others?: Readonly<Record<string, Case>>
}

export const STALE = '"999999"'

const NOWHERE: Readonly<Record<Noun, () => string>> = {
  tools: () => ToolId.mint(),
  prompts: () => PromptId.mint(),
  resources: () => ResourceId.mint(),
  servers: () => ServerId.mint(),
  gateways: () => GatewayId.mint(),
}

/** What is changed, switched or ended by its id. */
function ofThing(noun: Noun, { tail = '', body, bad }: { tail?: string; body?: object; bad?: object } = {}): Row {
  const asked = (id: string, status: number, more: Partial<Asked> = {}): Asked => ({
    path: `/v1/${noun}/${id}${tail}`,
    ...(body && { body }),
    status,
    ...more,
  })
  const one: (status: number, more?: Partial<Asked>) => Case =
    (status, more = {}) =>
    async (scene) =>
      asked(await scene.thing(noun), status, more)
  return {
    valid: one(200),
    taken: null,
    absent: () => asked(NOWHERE[noun](), 404),
    forbidden: async (scene) => asked(await scene.thing(noun), 403, { who: await scene.person() }),
    bad: bad === undefined ? () => asked('no-id', 404) : one(422, { body: bad }),
    stale: one(412, { ifMatch: STALE }),
    others: {
      hidden: async (scene) => {
        const id = await scene.thing(noun, { visibility: 'private' })
        return asked(id, 404, { who: await scene.person() })
      },
      'as it is': one(200, { ifMatch: '"1"' }),
    },
  }
}

/** What is made by a name that one thing alone can have. */
function ofNewThing(noun: Noun, body: (name: string) => object, bad: object): Row {
  const path = `/v1/${noun}`
  const one: (status: number, more?: object) => Case =
    (status, more = {}) =>
    ({ name }) => ({ path, body: { ...body(name()), ...more }, status })
  const beside: (there: object) => Case = (there) => async (scene) => {
    const name = scene.name()
    await scene.admin('POST', path, { ...body(name), ...there })
    return { path, body: body(name), status: 409 }
  }
  return {
    valid: one(200),
    taken: beside({}),
    absent: one(422, { team_id: TeamId.mint() }),
    forbidden: async (scene) => ({ ...(await one(403, { visibility: 'public' })(scene)), who: await scene.person() }),
    bad: one(422, bad),
    stale: null,
  }
}

/** A thing that is to have what another has. */
function likeAnother(noun: Noun, field: string, body: (name: string) => object): Case {
  return async (scene) => {
    const name = scene.name()
    await scene.admin('POST', `/v1/${noun}`, body(name))
    const own = (body(name) as Readonly<Record<string, unknown>>)[field === 'uri' ? 'uri' : 'name']
    return { path: `/v1/${noun}/${await scene.thing(noun)}`, body: { [field]: own }, status: 409 }
  }
}

const HIDDEN = { body: { visibility: 'private' }, bad: { visibility: 'nobody' } }

/** Clients of other gateways know it by its second name. */
const switches = (noun: Noun): Readonly<Record<string, Row>> => ({
  [`POST /${noun}/{id}/state`]: ofThing(noun, { tail: '/state?activate=false' }),
  [`POST /${noun}/{id}/toggle`]: ofThing(noun, { tail: '/toggle?activate=false' }),
})

const itemRows = (noun: Noun, body: (name: string) => object, field: string): Readonly<Record<string, Row>> => ({
  [`PUT /${noun}/{id}`]: { ...ofThing(noun, HIDDEN), taken: likeAnother(noun, field, body) },
  [`DELETE /${noun}/{id}`]: ofThing(noun),
  ...switches(noun),
})

const change: (noun: Noun, status: number, body: object) => Case = (noun, status, body) => async (scene) => ({
  path: `/v1/${noun}/${await scene.thing(noun)}`,
  body,
  status,
})

const tools = itemRows('tools', toolBody, 'customName')
const gatewayBody = (upstream: string) => (name: string) => ({ name, url: upstream })

/** Every route of things that can be asked what it would do. */
export const THINGS: Readonly<Record<string, Row>> = {
  'POST /tools': {
    ...ofNewThing('tools', toolBody, { request_type: 'JUMP' }),
    others: { 'where nothing may go': newTool({ url: 'http://169.254.169.254/x' }) },
  },
  ...tools,
  'PUT /tools/{id}': {
    ...(tools['PUT /tools/{id}'] as Row),
    others: {
      'where nothing may go': change('tools', 422, { url: 'http://169.254.169.254/x' }),
      'a host that there is not': change('tools', 422, { url: 'http://no-such-host.invalid/x' }),
    },
  },
  'POST /prompts': ofNewThing('prompts', promptBody, { template: '{% if x %}' }),
  ...itemRows('prompts', promptBody, 'customName'),
  'POST /resources': ofNewThing('resources', resourceBody, { uri: 'file:///../x' }),
  ...itemRows('resources', resourceBody, 'uri'),
  'POST /servers': {
    ...ofNewThing('servers', serverBody, { icon: 'javascript:x' }),
    others: {
      'an id that is taken': async (scene) => ({
        path: '/v1/servers',
        body: { name: scene.name(), id: await scene.thing('servers') },
        status: 409,
      }),
      'a tool that there is not': ({ name }) => ({
        path: '/v1/servers',
        body: { name: name(), associatedTools: [ToolId.mint()] },
        status: 422,
      }),
    },
  },
  'PUT /servers/{id}': { ...ofThing('servers', HIDDEN), taken: likeAnother('servers', 'name', serverBody) },
  'DELETE /servers/{id}': ofThing('servers'),
  ...switches('servers'),
  'POST /gateways': {
    ...ofNewThing('gateways', gatewayBody('http://127.0.0.1:9/mcp'), { transport: 'PIGEON' }),
    others: {
      'where nothing may go': ({ name }) => ({
        path: '/v1/gateways',
        body: gatewayBody('http://169.254.169.254/mcp')(name()),
        status: 422,
      }),
    },
  },
  'PUT /gateways/{id}': {
    ...ofThing('gateways', HIDDEN),
    taken: (scene) => likeAnother('gateways', 'name', gatewayBody(scene.upstream))(scene),
    others: { 'where nothing may go': change('gateways', 422, { url: 'http://169.254.169.254/x' }) },
  },
  'DELETE /gateways/{id}': ofThing('gateways'),
  ...switches('gateways'),
}

function newTool(more: object): Case {
  return ({ name }) => ({ path: '/v1/tools', body: { ...toolBody(name()), ...more }, status: 422 })
}
