import type { Endpoint } from '#/api/endpoint.ts'
import { restEndpoints } from '#/http/rest-endpoints.ts'
import type { Shell } from '#/http/protocol-shells.ts'
import { METHODS, type Method } from '#/mcp/methods.ts'
import type { Era } from '../support/raw-client.ts'
import type { Scene } from './scene.ts'
import { PLACES, type Noun, type There } from './things.ts'

/** One way in: what is sent there, whoever sends it. */
export interface Door {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** It tells what happens and never ends by itself: what comes first is the answer. */
  readonly endless?: true
  /** The door beside it that leads to nothing: who may not know that this one exists must be told the same there. */
  readonly absent?: string
  /** Ids in an answer that differ between the two. */
  readonly id?: string
  /** Whose the thing behind it is. */
  readonly place?: There
}

/** Stands for every part that a route needs: routes are data, and making them asks nothing of their parts. */
const anything: never = new Proxy(() => undefined, {
  get: (_target, key) => (key === Symbol.toPrimitive ? () => '' : anything),
  apply: () => anything,
}) as never

/** Every REST route as data. */
export const everyEndpoint = (): readonly Endpoint[] => restEndpoints(anything, { version: '' })

/** Every REST route at both its mounts, with an id that leads nowhere and, where it has one, with one for each place of a thing. */
export function restDoors(scene: Scene): Door[] {
  return everyEndpoint().flatMap((endpoint) => {
    const [method = '', path = ''] = endpoint.route.split(' ')
    const mounts = endpoint.rootOnly === true ? [''] : ['', '/v1']
    const endless = endpoint.replyType === 'text/event-stream'
    return mounts
      .flatMap((mount) => doorsOf(scene, method, mount + path))
      .map((door): Door => (endless ? { ...door, endless } : door))
  })
}

function doorsOf(scene: Scene, method: string, path: string): Door[] {
  // The Prometheus text lives at the same path for those who do not ask for JSON.
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined
  const plain = { method, headers, body }
  const noun = /^(?:\/v1)?\/(\w+)/.exec(path)?.[1] as Noun
  const places = path.includes('{id}') ? scene.ids[noun] : undefined
  // What is no thing that somebody owns is met by a name that leads nowhere.
  if (places === undefined) return [{ ...plain, name: `${method} ${path}`, path: path.replaceAll(/\{\w+\}/g, 'none') }]
  // No thing has this version: who may change it learns that, and changes nothing.
  const careful = method === 'GET' ? headers : { ...headers, 'if-match': '"999999"' }
  const at = (place: string, id: string): Door => {
    const name = `${method} ${path} ${place}`
    return { ...plain, headers: careful, name, path: path.replace('{id}', id).replaceAll(/\{\w+\}/g, 'none'), id }
  }
  const absent = at('absent', places.absent)
  const there = PLACES.filter((place) => place !== 'absent').map((place): Door => ({
    ...at(place, places[place]),
    absent: absent.name,
    place,
  }))
  return noun === 'servers' ? [absent, ...there, at('narrow', scene.narrowedTo)] : [absent, ...there]
}

/** What the process tells those who watch it. */
export function opsDoors(): Door[] {
  const plain = { method: 'GET', headers: {}, body: undefined }
  return ['/health', '/ready', '/metrics', '/nowhere', '/v1/nowhere'].map((path) => ({
    ...plain,
    name: `GET ${path} text`,
    path,
  }))
}

const VERSION: Readonly<Record<Era, string>> = { legacy: '2025-11-25', modern: '2026-07-28' }
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'

interface Names {
  readonly tool: string
  readonly prompt: string
  readonly uri: string
  /** A tool that is not offered there. */
  readonly outside: string
}

/** Members of params, so that what a method needs is there. A method without a row needs nothing. */
const PARAMS: Partial<Record<Method, (names: Names) => string>> = {
  initialize: () => '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}',
  'logging/setLevel': () => '"level":"info"',
  'tools/call': ({ tool }) => `"name":"${tool}","arguments":{}`,
  'resources/read': ({ uri }) => `"uri":"${uri}"`,
  'resources/subscribe': ({ uri }) => `"uri":"${uri}"`,
  'resources/unsubscribe': ({ uri }) => `"uri":"${uri}"`,
  'prompts/get': ({ prompt }) => `"name":"${prompt}"`,
  'completion/complete': ({ prompt }) =>
    `"ref":{"type":"ref/prompt","name":"${prompt}"},"argument":{"name":"ms","value":""}`,
  'notifications/cancelled': () => '"requestId":1',
  'notifications/progress': () => '"progressToken":1,"progress":1',
}

interface McpPlace {
  readonly name: string
  readonly path: string
  readonly names: Names
  readonly absent?: string
  readonly id?: string
  readonly place?: There
}

/** As /mcp calls what a gateway of a place offers. */
const namesOf = (place: string): Names => ({
  tool: `up-${place}-slow`,
  prompt: `up-${place}-slow`,
  uri: 'slow://thing',
  outside: `up-${place}-echo`,
})

/** As the gateway itself calls it. */
const INSIDE: Names = { tool: 'slow', prompt: 'slow', uri: 'slow://thing', outside: 'nobody-has-this-either' }

function endpoints({ ids, narrowedTo }: Scene): McpPlace[] {
  const of = (noun: 'servers' | 'gateways') =>
    PLACES.map((place): McpPlace => {
      const names = noun === 'gateways' ? INSIDE : namesOf(place === 'absent' ? 'private' : place)
      const plain = {
        name: `/${noun}/{${place}}/mcp`,
        path: `/${noun}/${ids[noun][place]}/mcp`,
        names,
        id: ids[noun][place],
      }
      return place === 'absent' ? plain : { ...plain, absent: `/${noun}/{absent}/mcp`, place }
    })
  const narrow = { name: '/servers/{narrow}/mcp', path: `/servers/${narrowedTo}/mcp`, id: narrowedTo }
  return [
    { name: '/mcp', path: '/mcp', names: namesOf('private') },
    { ...narrow, names: namesOf('private') },
    ...of('servers'),
    ...of('gateways'),
  ]
}

/** Every MCP endpoint in both eras with every method there is, also those that the era does not know, and /rpc. */
export function mcpDoors(scene: Scene): Door[] {
  const doors: Door[] = []
  for (const endpoint of endpoints(scene)) {
    for (const era of ['legacy', 'modern'] as const) {
      for (const method of methodNames()) doors.push(mcpDoor(endpoint, era, method))
      doors.push(toolNamed(endpoint, era, { tool: 'nobody-has-this', what: 'an unknown tool' }))
      doors.push(toolNamed(endpoint, era, { tool: endpoint.names.outside, what: 'another tool' }))
    }
    for (const method of ['GET', 'DELETE']) doors.push(withoutBody(endpoint, method))
  }
  for (const era of ['legacy', 'modern'] as const) doors.push(...byName(era))
  const rpc = { name: '/rpc', path: '/rpc', names: namesOf('private') }
  for (const method of methodNames()) doors.push({ ...mcpDoor(rpc, 'legacy', method), name: `/rpc ${method}` })
  return [...doors, ...shellDoors()]
}

/** The method of /rpc that each path of a method stands for. */
export const SHELLS = {
  initialize: 'initialize',
  ping: 'ping',
  notifications: 'notifications/initialized',
  'completion/complete': 'completion/complete',
  'sampling/createMessage': null,
} as const satisfies Record<Shell, Method | null>

/** Paths of single methods, at all their mounts. Each takes the params alone, but for those that take a whole message. */
function shellDoors(): Door[] {
  const headers = { 'content-type': 'application/json' }
  return Object.entries(SHELLS).flatMap(([shell, method]) => {
    const params = `{${(method && PARAMS[method as Method]?.(namesOf('private'))) ?? ''}}`
    const isWhole = shell === 'ping' || shell === 'notifications'
    const body = isWhole ? `{"jsonrpc":"2.0","id":1,"method":"${method}"}` : params
    const mounts = [
      '/protocol/',
      '/v1/protocol/',
      ...(shell === 'initialize' || shell === 'notifications' ? ['/'] : []),
    ]
    return mounts.map((mount): Door => ({ name: mount + shell, method: 'POST', path: mount + shell, headers, body }))
  })
}

/** Tools of every place by their names in the aggregate. */
function byName(era: Era): Door[] {
  const aggregate = { name: '/mcp', path: '/mcp', names: namesOf('private') }
  return PLACES.filter((place) => place !== 'absent').map((place): Door => {
    const tool = namesOf(place).tool
    const door = toolNamed(aggregate, era, { tool, what: `the tool at ${place}` })
    return { ...door, absent: `/mcp ${era} tools/call of an unknown tool`, place }
  })
}

const methodNames = (): Method[] => Object.keys(METHODS) as Method[]

function mcpDoor(endpoint: McpPlace, era: Era, method: Method): Door {
  const { path, names, absent, id, place } = endpoint
  const params = PARAMS[method]?.(names)
  const modern = era === 'modern'
  const { target } = METHODS[method]
  const named = target === 'uri' ? names.uri : method === 'tools/call' ? names.tool : names.prompt
  const members = [params, modern ? META : undefined].filter((part) => part !== undefined).join(',')
  const requestId = method.startsWith('notifications/') ? '' : '"id":1,'
  const suffix = ` ${era} ${method}`
  return {
    name: endpoint.name + suffix,
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSION[era],
      ...(modern && { 'mcp-method': method }),
      ...(modern && target !== null && { 'mcp-name': named }),
    },
    body: `{"jsonrpc":"2.0",${requestId}"method":"${method}","params":{${members}}}`,
    ...(absent !== undefined && { absent: absent + suffix }),
    ...(id !== undefined && { id }),
    ...(place !== undefined && { place }),
  }
}

interface Named {
  readonly tool: string
  readonly what: string
}

function toolNamed({ absent, id, ...endpoint }: McpPlace, era: Era, { tool, what }: Named): Door {
  const door = mcpDoor({ ...endpoint, names: { ...endpoint.names, tool } }, era, 'tools/call')
  const suffix = ` ${era} tools/call of ${what}`
  const gone = absent !== undefined && id !== undefined ? { absent: absent + suffix, id } : { id: tool }
  return { ...door, name: endpoint.name + suffix, ...gone }
}

function withoutBody({ name, path, absent, id, place }: McpPlace, method: string): Door {
  return {
    name: `${name} ${method}`,
    method,
    path,
    headers: { accept: 'text/event-stream' },
    body: undefined,
    ...(absent !== undefined && { absent: `${absent} ${method}` }),
    ...(id !== undefined && { id }),
    ...(place !== undefined && { place }),
  }
}
