import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PERMISSIONS } from '#/access/permissions.ts'
import * as things from '../support/catalog-things.ts'
import { dumpState } from '../support/dump-state.ts'
import { MemoryCatalog } from '../support/memory-catalog.ts'
import { applyChanges } from '../../src/catalog/apply.ts'
import type { ChangeKind } from '../../src/catalog/changes.ts'
import { loadState } from '../../src/catalog/load.ts'
import type { CatalogState } from '../../src/catalog/state.ts'

const { ids } = things

/** One commit: what happens to which thing. `n` and `m` are drawn small, so that things meet. */
interface Step {
  readonly what: keyof typeof STEPS
  readonly n: number
  readonly m: number
  readonly on: boolean
}

/** What a commit does to the tables, as PostgreSQL would with its cascades; returns what it announces. */
type Commit = (db: MemoryCatalog, step: Step) => readonly (readonly [ChangeKind, string])[]

function put(db: MemoryCatalog, table: keyof MemoryCatalog['tables'], thing: { id: string }): void {
  if (!db.retired.has(thing.id)) db.tables[table].set(thing.id, thing as never)
}

/** Ids are minted and never come back, except those of virtual servers, which a client may bring. */
const drop = (db: MemoryCatalog, table: keyof MemoryCatalog['tables'], id: string): void => {
  db.tables[table].delete(id)
  db.retired.add(id)
}

const nameIsFree = (db: MemoryCatalog, table: 'tools' | 'prompts', name: string, id: string): boolean =>
  [...db.tables[table].values()].every((other: { id: string; name: string }) => other.id === id || other.name !== name)

function dropItem(db: MemoryCatalog, kind: 'tools' | 'prompts' | 'resources', id: string): void {
  drop(db, kind, id)
  for (const server of db.tables.servers.values() as Iterable<ReturnType<typeof things.serverThing>>) {
    put(db, 'servers', { ...server, [kind]: server[kind].filter((entry) => entry.id !== id) })
  }
}

const STEPS = {
  user: (db, { n, on }) => {
    put(db, 'users', things.userThing(n, { enabled: on }))
    return [['user', ids.user(n)]]
  },
  join: (db, { n, m, on }) => {
    const user = db.tables.users.get(ids.user(n)) as ReturnType<typeof things.userThing> | undefined
    if (user === undefined) return []
    const teamId = ids.team(m)
    const memberships = db.tables.teams.has(teamId) && on ? [{ teamId, isOwner: false }] : []
    const roleId = ids.role(m)
    const assignments = db.tables.roles.has(roleId) ? [{ roleId, teamId: null, expiresAt: null }] : []
    put(db, 'users', { ...user, memberships, assignments } as never)
    return [['user', user.id]]
  },
  team: (db, { n, m }) => {
    put(db, 'teams', { id: ids.team(n), name: `team ${m}` } as never)
    return [['team', ids.team(n)]]
  },
  role: (db, { n, m }) => {
    const permissions = PERMISSIONS.slice(0, m)
    put(db, 'roles', { id: ids.role(n), name: `role ${m}`, scope: 'platform', permissions } as never)
    return [['role', ids.role(n)]]
  },
  dropTeam: (db, { n }) => {
    const id = ids.team(n)
    drop(db, 'teams', id)
    for (const user of db.tables.users.values() as Iterable<ReturnType<typeof things.userThing>>)
      put(db, 'users', { ...user, memberships: user.memberships.filter(({ teamId }) => teamId !== id) } as never)
    for (const token of db.tables.tokens.values() as Iterable<ReturnType<typeof things.tokenThing>>)
      if (token.teamId === id) drop(db, 'tokens', token.id)
    return [['team', id]]
  },
  dropRole: (db, { n }) => {
    const id = ids.role(n)
    drop(db, 'roles', id)
    for (const user of db.tables.users.values() as Iterable<ReturnType<typeof things.userThing>>)
      put(db, 'users', { ...user, assignments: user.assignments.filter(({ roleId }) => roleId !== id) } as never)
    return [['role', id]]
  },
  dropUser: (db, { n }) => {
    drop(db, 'users', ids.user(n))
    for (const token of db.tables.tokens.values() as Iterable<ReturnType<typeof things.tokenThing>>) {
      if (token.userId === ids.user(n)) drop(db, 'tokens', token.id)
    }
    for (const table of ['gateways', 'tools', 'prompts', 'resources', 'servers'] as const) {
      for (const thing of db.tables[table].values() as Iterable<{ id: string; ownerId: string | null }>) {
        if (thing.ownerId === ids.user(n)) put(db, table, { ...thing, ownerId: null } as never)
      }
    }
    return [['user', ids.user(n)]]
  },
  token: (db, { n, m, on }) => {
    if (!db.tables.users.has(ids.user(m))) return []
    const teamId = db.tables.teams.has(ids.team(n)) ? ids.team(n) : null
    put(db, 'tokens', things.tokenThing(n, { userId: ids.user(m), teamId, serverId: on ? ids.server(m) : null }))
    return [['token', ids.token(n)]]
  },
  revokeToken: (db, { n }) => {
    db.tables.tokens.delete(ids.token(n))
    return [['token', ids.token(n)]]
  },
  gateway: (db, { n, m, on }) => {
    const ownerId = db.tables.users.has(ids.user(m)) ? ids.user(m) : null
    const visibility = on ? 'private' : 'public'
    put(db, 'gateways', things.gatewayThing(n, { enabled: on, ownerId, visibility }))
    return [['gateway', ids.gateway(n)]]
  },
  dropGateway: (db, { n }) => {
    drop(db, 'gateways', ids.gateway(n))
    for (const table of ['tools', 'prompts', 'resources'] as const) {
      for (const item of [...db.tables[table].values()] as { id: string; gatewayId: string }[]) {
        if (item.gatewayId === ids.gateway(n)) dropItem(db, table, item.id)
      }
    }
    return [['gateway', ids.gateway(n)]]
  },
  tool: (db, { n, m, on }) => {
    if (!db.tables.gateways.has(ids.gateway(n % 3))) return []
    const tool = things.toolThing(n, n % 3, {
      position: m,
      enabled: on,
      name: `name-${m}`,
      visibility: on ? 'team' : 'public',
      teamId: ids.team(m),
    })
    if (!nameIsFree(db, 'tools', tool.name, tool.id)) return []
    put(db, 'tools', tool)
    return [['tool', tool.id]]
  },
  dropTool: (db, { n }) => {
    dropItem(db, 'tools', ids.tool(n))
    return [['tool', ids.tool(n)]]
  },
  prompt: (db, { n, m, on }) => {
    if (!db.tables.gateways.has(ids.gateway(m % 3))) return []
    put(db, 'prompts', things.promptThing(n * 3 + (m % 3), m % 3, { position: n, enabled: on }))
    return [['prompt', ids.prompt(n * 3 + (m % 3))]]
  },
  resource: (db, { n, m, on }) => {
    if (!db.tables.gateways.has(ids.gateway(n % 3))) return []
    const uri = on ? `test://${m}/{id}` : `test://${m}`
    put(db, 'resources', things.resourceThing(n, n % 3, { uri, isTemplate: on }))
    return [['resource', ids.resource(n)]]
  },
  dropResource: (db, { n }) => {
    dropItem(db, 'resources', ids.resource(n))
    return [['resource', ids.resource(n)]]
  },
  rediscover: (db, { n, m }) => {
    if (!db.tables.gateways.has(ids.gateway(n % 3))) return []
    for (const tool of [...db.tables.tools.values()] as ReturnType<typeof things.toolThing>[]) {
      if (tool.gatewayId !== ids.gateway(n % 3)) continue
      if (tool.position === m) dropItem(db, 'tools', tool.id)
      else put(db, 'tools', { ...tool, position: tool.position + 1 } as never)
    }
    return [['gateway_items', ids.gateway(n % 3)]]
  },
  server: (db, { n, m, on }) => {
    const tools = [...db.tables.tools.keys()].slice(0, m).map((id, position) => ({
      id: id as never,
      name: position === 0 ? 'renamed' : null,
      description: null,
      position,
    }))
    const resources = [...db.tables.resources.keys()]
      .slice(0, 2)
      .map((id) => ({ id: id as never, name: null, description: null, position: 0 }))
    put(db, 'servers', things.serverThing(n, { enabled: on, tools, resources }))
    return [['server', ids.server(n)]]
  },
  dropServer: (db, { n }) => {
    db.tables.servers.delete(ids.server(n))
    return [['server', ids.server(n)]]
  },
  roots: (db, { n, m }) => {
    db.roots = [...db.roots.slice(m), { uri: `place://${n}`, name: `root ${m}` }]
    return [['roots', '0'.repeat(32)]]
  },
} satisfies Record<string, Commit>

function run(db: MemoryCatalog, step: Step): void {
  const changed = (STEPS[step.what] as Commit)(db, step)
  if (changed.length > 0) db.commit(...changed)
}

const stepsOf = (kinds: readonly (keyof typeof STEPS)[], most: { readonly n: number; readonly m: number }) =>
  fc.array(fc.record({ what: fc.constantFrom(...kinds), n: fc.nat(most.n), m: fc.nat(most.m), on: fc.boolean() }), {
    maxLength: 60,
    size: 'max',
  })

const steps = stepsOf(Object.keys(STEPS) as (keyof typeof STEPS)[], { n: 5, m: 4 })
/** Few tools and fewer names, so that names change hands. */
const renames = stepsOf(['gateway', 'tool', 'tool', 'tool', 'dropTool', 'server'], { n: 3, m: 2 })

/** Applies until nothing is left to happen and nothing to apply. */
async function follow(db: MemoryCatalog, from: CatalogState, left: readonly Step[]): Promise<CatalogState> {
  let state = from
  for (;;) {
    const { seq, changes } = await db.reader().changesSince(state.seq)
    if (seq === state.seq && left.length === 0) return state
    state = await applyChanges(state, { seq, changes: changes ?? [] }, db.reader())
  }
}

test.each([
  ['anything', steps],
  ['renaming', renames],
])(
  '%s commits between the reads of a load and of the changes behind it: the end equals a fresh load',
  async (_what, drawn) => {
    await fc.assert(
      fc.asyncProperty(drawn, drawn, fc.integer({ min: 1, max: 8 }), async (before, during, burst) => {
        const db = new MemoryCatalog()
        db.pageSize = 2
        for (const step of before) run(db, step)
        const left = [...during]
        db.before = () => {
          for (const step of left.splice(0, burst)) run(db, step)
        }
        const kept = await follow(db, await loadState(db.reader()), left)
        expect(dumpState(kept)).toEqual(dumpState(await loadState(db.reader())))
      }),
      { numRuns: 400 },
    )
  },
)

test('applying the same changes twice changes nothing, and an old state stays what it was', async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, async (before, after) => {
      const db = new MemoryCatalog()
      for (const step of before) run(db, step)
      const first = await loadState(db.reader())
      const dumped = dumpState(first)
      for (const step of after) run(db, step)
      const told = await db.reader().changesSince(first.seq)
      const changes = { seq: told.seq, changes: told.changes ?? [] }
      const once = await applyChanges(first, changes, db.reader())
      const twice = await applyChanges(once, changes, db.reader())
      expect(dumpState(twice)).toEqual(dumpState(once))
      expect(dumpState(first)).toEqual(dumped)
      expect(twice.stamps).toEqual(once.stamps)
    }),
    { numRuns: 150 },
  )
})
