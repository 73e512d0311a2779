import { Type } from '#/api/type.ts'
import { requireUnrestricted } from '#/access/unrestricted.ts'
import { actorOf, type Actor } from '#/api/actor.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { Deleted } from '#/api/items.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { rootChanges, type RootChangesDeps } from './root-changes.ts'

export interface Root {
  readonly uri: string
  readonly name: string
}

export interface RootStore {
  /** In the order of their URIs. */
  all(): Promise<readonly Root[]>
  byUri(uri: string): Promise<Root | undefined>
  /** false: there is one already. */
  add(root: Root, actor: Actor): Promise<boolean>
  /** false: there is none. */
  rename(root: Root, actor: Actor): Promise<boolean>
  remove(uri: string, actor: Actor): Promise<boolean>
}

export interface RootDeps extends RootChangesDeps {
  readonly store: RootStore
}

const tag = 'roots'
const UriParams = Type.Object({ uri: Type.String({ description: 'The URI, percent-encoded' }) })
const RootView = Type.Object(
  { uri: Type.String(), name: Type.String(), _meta: Type.Null() },
  { title: 'Root', description: 'A place that servers may be told to work within' },
)
const viewOf = ({ uri, name }: Root) => ({ uri, name, _meta: null })
const closed = { additionalProperties: false }

/** Roots say where servers may work: for administrators alone, with a token that is not narrowed. */
export function rootEndpoints(deps: RootDeps): readonly Endpoint[] {
  return [...reading(deps), rootChanges(deps), ...writing(deps)]
}

function reading({ store }: RootDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /roots',
      permission: 'admin.system_config',
      tag,
      summary: 'List roots',
      reply: Type.Array(RootView),
      handle: async ({ principal }) => {
        requireUnrestricted(principal)
        return { body: (await store.all()).map(viewOf) }
      },
    }),
    endpoint({
      route: 'GET /roots/export',
      permission: 'admin.system_config',
      tag,
      summary: 'One root, or all of them, in the form that an import takes',
      query: Type.Object({ uri: Type.Optional(Type.String()) }),
      reply: Type.Object({ roots: Type.Array(Type.Unknown()) }),
      handle: async ({ query, principal }) => {
        requireUnrestricted(principal)
        const all = query.uri === undefined ? await store.all() : [await there(store, query.uri)]
        return { body: { roots: all } }
      },
    }),
    endpoint({
      route: 'GET /roots/{uri}',
      permission: 'admin.system_config',
      tag,
      summary: 'Read a root',
      params: UriParams,
      reply: RootView,
      handle: async ({ params, principal }) => {
        requireUnrestricted(principal)
        return { body: viewOf(await there(store, params.uri)) }
      },
    }),
  ]
}

function writing({ store }: RootDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /roots',
      permission: 'admin.system_config',
      tag,
      summary: 'Add a root',
      body: Type.Object(
        {
          uri: Type.String({ minLength: 1, maxLength: 2048 }),
          name: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
        },
        closed,
      ),
      reply: RootView,
      status: 201,
      handle: async ({ body, principal, request }) => {
        requireUnrestricted(principal)
        const root = checkedRoot(body)
        if (await store.add(root, actorOf(principal, request))) return { body: viewOf(root) }
        throw new GatewayError('conflict', `Root already exists: ${root.uri}`, { field: 'uri' })
      },
    }),
    endpoint({
      route: 'PUT /roots/{uri}',
      permission: 'admin.system_config',
      tag,
      summary: 'Rename a root',
      params: UriParams,
      body: Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }, closed),
      reply: RootView,
      handle: async ({ params, body, principal, request }) => {
        requireUnrestricted(principal)
        const root = { uri: params.uri, name: body.name }
        if (await store.rename(root, actorOf(principal, request))) return { body: viewOf(root) }
        throw absent()
      },
    }),
    endpoint({
      route: 'DELETE /roots/{uri}',
      permission: 'admin.system_config',
      tag,
      summary: 'Remove a root',
      params: UriParams,
      reply: Deleted,
      handle: async ({ params, principal, request }) => {
        requireUnrestricted(principal)
        if (!(await store.remove(params.uri, actorOf(principal, request)))) throw absent()
        return { body: { status: 'success', message: 'Root removed' } }
      },
    }),
  ]
}

async function there(store: RootStore, uri: string): Promise<Root> {
  const root = await store.byUri(uri)
  if (root === undefined) throw absent()
  return root
}

/** What a server would be let into is decided by scheme: files and web addresses stay out. */
export function checkedRoot({ uri, name }: { readonly uri: string; readonly name?: string | null | undefined }): Root {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined)
    throw new GatewayError('invalid_field', 'uri: must be a URI with a scheme', { field: 'uri' })
  if (scheme === 'file') throw refused('file_disabled', 'roots in the file system are not allowed here')
  if (scheme === 'http' || scheme === 'https')
    throw refused('scheme_not_allowed', `roots of the scheme ${scheme} are not allowed here`)
  return { uri, name: name ?? uri.split('/').findLast((part) => part !== '') ?? uri }
}

function refused(reason: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { field: 'uri', data: { reason_code: reason } })
}

function absent(): GatewayError {
  return new GatewayError('not_found', 'Root not found')
}
