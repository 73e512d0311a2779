import type { Principal } from '#/access/principal.ts'
import { nameTaken } from '#/api/name-taken.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { ServerDeps, ServerName } from './server.ts'

interface Naming {
  readonly called: ServerName
  readonly principal: Principal
}

/**
 * An owner calls one virtual server of a team so, whoever sees it: as far as whoever asks sees what is called so. What somebody else
 * renames may come to stand beside one that its owner alone sees; the database keeps apart what all who may write it see.
 */
export async function refuseName(deps: ServerDeps, called: ServerName, principal: Principal): Promise<void> {
  const refusal = await nameRefusal(deps, { called, principal })
  if (refusal !== undefined) throw refusal
}

/** Which of its names is taken, in the words clients know. */
export async function refusedName(deps: ServerDeps, error: unknown, naming: Naming): Promise<unknown> {
  if (!(error instanceof GatewayError) || error.code !== 'conflict') return error
  switch (error.data?.['constraint']) {
    case 'servers_pkey':
      return new GatewayError('conflict', 'A server with this ID already exists', { cause: error, field: 'id' })
    case 'servers_name':
      return (await nameRefusal(deps, naming, error)) ?? nameTaken('name', error)
    case 'server_items_name':
      return new GatewayError('conflict', 'two items would go by one name', { cause: error })
    default:
      return error
  }
}

async function nameRefusal(
  { store }: ServerDeps,
  { called, principal }: Naming,
  cause?: unknown,
): Promise<GatewayError | undefined> {
  const there = await store.calledSo(called, principal.visibilityClass)
  if (there === undefined) return undefined
  const message = `${there.slice(0, 1).toUpperCase()}${there.slice(1)} Server already exists with name: ${called.name}`
  return new GatewayError('conflict', message, { cause, field: 'name' })
}
