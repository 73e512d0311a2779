import type { Owned } from '#/access/principal.ts'
import { visibilityClass } from '#/access/visibility.ts'
import type { CatalogPrompt, CatalogResource, CatalogTool } from '#/catalog/model.ts'
import type { Found, Snapshot } from '#/catalog/snapshot.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import type { Call } from './call.ts'

const SHOWN = 80

/**
 * The rule that refused a call, with the name that was asked for, as its record keeps it. It tells of what the caller may not see: only
 * who sees everything may read it.
 */
export function whyRefused(call: Call, snapshot: Snapshot, error: GatewayError): string {
  if (error.code === 'forbidden') return `refused: ${error.message}`
  const name = call.frame.uri ?? call.frame.name
  if (error.code !== 'not_found' || name === undefined) return 'none'
  const asked = `refused: ${JSON.stringify(shownUrl(name).slice(0, SHOWN))}`
  const found = findAny(call, snapshot, name)
  if (found === undefined) return `${asked}: there is none ${WHERE[call.scope.kind]}`
  const { email, visibilityClass: seen } = call.principal
  if (!seen.sees(found.item)) return `${asked} exists, but ${email} may not see it: ${standing(found.item, snapshot)}`
  const holder = seen.sees(found.gateway) ? found.server : found.gateway
  const hidden = holder === undefined ? '' : `: ${standing(holder, snapshot)}`
  return `${asked} exists, but ${email} may not see what offers it${hidden}`
}

const WHERE = {
  all: 'that is switched on',
  server: 'in this virtual server that is switched on',
  gateway: 'behind this gateway that is switched on',
} as const satisfies Record<Call['scope']['kind'], string>

type AnyFound = Found<CatalogTool | CatalogPrompt | CatalogResource>

/** What the name leads to for whoever sees everything. */
function findAny({ frame, scope, principal }: Call, snapshot: Snapshot, name: string): AnyFound | undefined {
  const { userId } = principal
  const sight = { userId, isAdmin: true, teams: [], teamId: null, serverId: null }
  const anybody = { ...principal, visibilityClass: visibilityClass(sight) }
  if (frame.method === 'tools/call') return snapshot.findTool(scope, name, anybody)
  if (frame.method === 'prompts/get') return snapshot.findPrompt(scope, name, anybody)
  return frame.method === 'resources/read' ? snapshot.findResource(scope, name, anybody) : undefined
}

function standing({ visibility, ownerId, teamId }: Owned, snapshot: Snapshot): string {
  const owner = ownerId === null ? 'nobody' : (snapshot.user(ownerId)?.email ?? ownerId)
  return `${visibility}, owner ${owner}${teamId === null ? '' : `, team ${teamId}`}`
}
