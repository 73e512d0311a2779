import type { Role, StoredRole } from '#/access/roles.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogRoot,
  CatalogServer,
  CatalogTeam,
  CatalogToken,
  CatalogTool,
  CatalogUser,
} from './model.ts'
import type { CatalogEdit } from './edit.ts'
import { LOCAL_GATEWAY } from './local.ts'
import type { CatalogState } from './state.ts'

/** A catalog is saved in two parts: who may come in is small and must not be old; what there is may be large. */
export type SavedPart = 'access' | 'things'

/** Where each member of a state is saved; derived: it follows from the others. A new member has to say. */
const PART_OF: Readonly<Record<keyof CatalogState, SavedPart | 'derived'>> = {
  users: 'access',
  teams: 'access',
  roles: 'access',
  tokens: 'access',
  gateways: 'things',
  parts: 'things',
  servers: 'things',
  roots: 'things',
  tools: 'derived',
  prompts: 'derived',
  resources: 'derived',
  tokensByHash: 'derived',
  usersByEmail: 'derived',
  memberOf: 'derived',
  shown: 'derived',
  stamps: 'derived',
  ordersStamp: 'derived',
  epoch: 'derived',
  seq: 'derived',
}

/** One line for each thing, `kind JSON`. Lazily, so that a large catalog is never in memory twice. */
export function* linesOf(state: CatalogState, part: SavedPart): Generator<string> {
  if (part === 'access') {
    for (const role of state.roles.values()) yield line('role', storedRole(role))
    for (const team of state.teams.values()) yield line('team', team)
    for (const user of state.users.values()) yield line('user', user)
    for (const token of state.tokens.values()) yield line('token', token)
    return
  }
  for (const gateway of state.gateways) if (gateway.id !== LOCAL_GATEWAY.id) yield line('gateway', gateway)
  for (const tool of state.tools.byId.values()) yield line('tool', tool)
  for (const prompt of state.prompts.byId.values()) yield line('prompt', prompt)
  for (const resource of state.resources.byId.values()) yield line('resource', resource)
  for (const { server } of state.servers.values()) yield line('server', server)
  yield line('roots', state.roots)
}

/** Whether a part of two states is the same: what did not change is shared. */
export function samePart(a: CatalogState, b: CatalogState, part: SavedPart): boolean {
  const members = Object.keys(PART_OF) as (keyof CatalogState)[]
  return members.every((member) => PART_OF[member] !== part || a[member] === b[member])
}

/** What a built-in role may do is known to the code, whatever is written of it. */
function storedRole(role: Role): StoredRole {
  return { ...role, permissions: [...role.permissions] }
}

function line(kind: keyof typeof TAKERS, thing: object): string {
  return `${kind} ${JSON.stringify(thing)}`
}

/** What was saved is ours: the file that it lay in was sealed, and by this very version. */
const TAKERS = {
  role: (edit, thing) => edit.people.putRole(thing as StoredRole),
  team: (edit, thing) => edit.people.putTeam(thing as CatalogTeam),
  user: (edit, thing) => edit.people.putUser(thing as CatalogUser),
  token: (edit, thing) => edit.people.putToken(thing as CatalogToken),
  gateway: (edit, thing) => edit.putGateway(thing as CatalogGateway),
  tool: (edit, thing) => edit.putTool(thing as CatalogTool),
  prompt: (edit, thing) => edit.putPrompt(thing as CatalogPrompt),
  resource: (edit, thing) => edit.putResource(thing as CatalogResource),
  server: (edit, thing) => edit.putServer(thing as CatalogServer),
  roots: (edit, thing) => edit.putRoots(thing as readonly CatalogRoot[]),
} as const satisfies Record<string, (edit: CatalogEdit, thing: object) => void>

export function takeLine(edit: CatalogEdit, text: string): void {
  const space = text.indexOf(' ')
  const take = TAKERS[text.slice(0, space) as keyof typeof TAKERS]
  take(edit, JSON.parse(text.slice(space + 1)) as object)
}
