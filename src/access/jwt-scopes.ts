import { isObject } from '#/lib/is-object.ts'
import { ServerId } from './ids.ts'
import type { UnverifiedJwt } from './jwt.ts'

/** How far a token goes, as it says itself. */
export interface JwtScopes {
  /** Names of ours and others'; null: it says nothing of them. A name that is not known here gives nothing. */
  readonly names: readonly string[] | null
  /** The one virtual server that it is for. */
  readonly serverId: ServerId | null
}

/**
 * The scopes that a token names, in `scope`, `scp` or `scopes`; as texts, or as the object of restrictions that gateways of this kind
 * write as `scopes`. A text: why nobody could tell how far it goes, so that it goes nowhere.
 */
export function scopesIn({ scope, scp, scopes }: UnverifiedJwt['claims']): JwtScopes | string {
  if (isObject(scopes)) {
    const isAlone = scope === undefined && scp === undefined
    return isAlone ? restrictionsIn(scopes) : 'its scopes are said in two ways: as an object, and in scope or scp'
  }
  const said = [scope, scp, scopes].filter((claim) => claim !== undefined)
  if (said.length === 0) return { names: null, serverId: null }
  const names = said.map(textsOf)
  if (!names.every((one) => one !== undefined)) return 'its scopes are neither a text nor a list of texts'
  return { names: names.flat(), serverId: null }
}

/** Issuers write a claim in either form: texts with spaces between them, or a list. */
function textsOf(claim: unknown): readonly string[] | undefined {
  if (typeof claim === 'string') return claim.split(' ')
  if (!Array.isArray(claim)) return undefined
  const list = claim as readonly unknown[]
  return list.every((one) => typeof one === 'string') ? list : undefined
}

/** What narrows in no way that is known here has to narrow nothing: what is not enforced is not promised either. */
function restrictionsIn({ server_id: server, permissions, ...others }: Readonly<Record<string, unknown>>) {
  const unknown = Object.entries(others).find(([, value]) => !isNothing(value))
  if (unknown !== undefined)
    return `its scopes narrow it by ${unknown[0].slice(0, 64)}, which no signed token is narrowed by here`
  const serverId = isNothing(server) ? null : serverIn(server)
  if (serverId === undefined) return 'its scopes name a server_id that is no id of a virtual server'
  if (permissions === undefined || permissions === null) return { names: null, serverId }
  const names = Array.isArray(permissions) ? textsOf(permissions) : undefined
  // An empty one is meant for everything by some and for nothing by others.
  if (names === undefined || names.length === 0) return "its scopes' permissions are no list with a name in it"
  return { names, serverId }
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  return typeof value === 'object' && Object.values(value).every(isNothing)
}

function serverIn(value: unknown): ServerId | undefined {
  const id = typeof value === 'string' ? value.toLowerCase().replaceAll('-', '') : ''
  return ServerId.is(id) ? id : undefined
}
