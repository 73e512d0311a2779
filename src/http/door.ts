import { GatewayId, ServerId } from '#/access/ids.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import { SHELLS, type Shell } from './protocol-shells.ts'

/** Which half of the house a request is for. Decided on the path alone. */
export type Door =
  | { readonly kind: 'mcp'; readonly scope: Scope }
  | { readonly kind: 'rpc' }
  | { readonly kind: 'shell'; readonly shell: Shell }
  | { readonly kind: 'health' | 'ready' | 'metrics' }
  | { readonly kind: 'rest' }

const ALL: Door = { kind: 'mcp', scope: { kind: 'all' } }
const REST: Door = { kind: 'rest' }
const FIXED: ReadonlyMap<string, Door> = new Map<string, Door>([
  ['/mcp', ALL],
  ['/rpc', { kind: 'rpc' }],
  ['/health', { kind: 'health' }],
  ['/ready', { kind: 'ready' }],
  ['/metrics', { kind: 'metrics' }],
  ...SHELLS.flatMap((shell) => pathsOf(shell).map((path): [string, Door] => [path, { kind: 'shell', shell }])),
])

/** Two of them are at the root, too. */
function pathsOf(shell: Shell): readonly string[] {
  const below = [`/protocol/${shell}`, `/v1/protocol/${shell}`]
  return shell === 'initialize' || shell === 'notifications' ? [`/${shell}`, ...below] : below
}

const SCOPED = /^\/(servers|gateways)\/([0-9a-f]{32})\/mcp$/

/** Clients come back to the few paths that they were given. */
const MOST_KNOWN = 1_000
const known = new Map<string, Door>()

/** `url` is the request target in origin form. A trailing slash is forgiven. */
export function doorOf(url: string): Door {
  const door = known.get(url)
  if (door !== undefined) return door
  const found = findDoor(url)
  if (found.kind === 'mcp' && known.size < MOST_KNOWN) known.set(url, found)
  return found
}

function findDoor(url: string): Door {
  const question = url.indexOf('?')
  let path = question === -1 ? url : url.slice(0, question)
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1)
  const fixed = FIXED.get(path)
  if (fixed !== undefined) return fixed
  if (!path.endsWith('/mcp')) return REST
  const match = SCOPED.exec(path)
  const id = match?.[2]
  if (match?.[1] === 'servers' && ServerId.is(id)) return { kind: 'mcp', scope: { kind: 'server', id } }
  if (match?.[1] === 'gateways' && GatewayId.is(id)) return { kind: 'mcp', scope: { kind: 'gateway', id } }
  return REST
}
