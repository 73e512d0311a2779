import { Type } from '#/api/type.ts'
import { requireUnrestricted } from '#/access/unrestricted.ts'
import { actorOf } from '#/api/actor.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import type { KeyDeps } from './keys.ts'
import { addKey, forgetKey, rotateKeys } from './rotate.ts'

const shared = { permission: 'admin.system_config', tag: 'keys' } as const
const KeyView = Type.Object(
  {
    id: Type.String(),
    current: Type.Boolean({ description: 'Everything new is sealed under it' }),
    sealed: Type.Integer({ description: 'Secrets in the database that are sealed under it' }),
  },
  { title: 'Key' },
)
const RotationView = Type.Object({
  from: Type.String(),
  to: Type.String(),
  resealed: Type.Integer({ description: 'Secrets that were sealed anew' }),
})

/** Keys that secrets are sealed under; never a key itself. For administrators alone, with a token that is not narrowed. */
export function keyEndpoints(deps: KeyDeps): readonly Endpoint[] {
  return [
    endpoint({
      ...shared,
      route: 'GET /keys',
      summary: 'The keys of the ring, and how much is sealed under each',
      reply: Type.Array(KeyView),
      handle: async ({ principal }) => {
        requireUnrestricted(principal)
        const { current, keys } = deps.ring.read()
        const counts = await deps.store.counts()
        return { body: [...keys.keys()].map((id) => ({ id, current: id === current, sealed: counts.get(id) ?? 0 })) }
      },
    }),
    endpoint({
      ...shared,
      route: 'POST /keys',
      summary: 'Add a key that seals nothing yet',
      description: 'Where several machines share the database, give all of them the new keys.json before you rotate.',
      reply: KeyView,
      status: 201,
      handle: async ({ principal, request }) => {
        requireUnrestricted(principal)
        return { body: { id: await addKey(deps, actorOf(principal, request)), current: false, sealed: 0 } }
      },
    }),
    endpoint({
      ...shared,
      route: 'POST /keys/rotate',
      summary: 'Seal everything anew under another key, while calls go on',
      body: Type.Object({
        to: Type.Optional(Type.String({ maxLength: 64, description: 'A key of the ring; a new one unless said' })),
      }),
      reply: RotationView,
      handle: async ({ principal, body, request }) => {
        requireUnrestricted(principal)
        return { body: await rotateKeys(deps, actorOf(principal, request), body.to) }
      },
    }),
    endpoint({
      ...shared,
      route: 'DELETE /keys/{id}',
      summary: 'Forget a key under which nothing is sealed any more',
      params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
      reply: Type.Object({ message: Type.String() }),
      handle: async ({ principal, params, request }) => {
        requireUnrestricted(principal)
        await forgetKey(deps, actorOf(principal, request), params.id)
        return { body: { message: `the key '${params.id}' is forgotten` } }
      },
    }),
  ]
}
