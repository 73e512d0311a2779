import { expect, test } from 'vitest'
import * as things from '../support/catalog-things.ts'
import type { Principal } from '../../src/access/principal.ts'
import { visibilityClass } from '../../src/access/visibility.ts'
import { buildSnapshot, buildState } from '../../src/catalog/build.ts'
import { CatalogEdit } from '../../src/catalog/edit.ts'
import type { Scope, Snapshot } from '../../src/catalog/snapshot.ts'
import { viewOf } from '../../src/catalog/view.ts'

const { ids, gatewayThing, promptThing, resourceThing, serverThing, toolThing, principalThing } = things
const ALL: Scope = { kind: 'all' }
const admin = principalThing()
const stranger = principalThing({ user: 5, isAdmin: false })
const owner = principalThing({ user: 1, isAdmin: false })

const found = (
  snapshot: Snapshot,
  uri: string,
  { scope = ALL, who = admin }: { scope?: Scope; who?: Principal } = {},
): string | undefined => snapshot.findResource(scope, uri, who)?.item.id

test('a resource is found by its URI, then by a template, of several offers the oldest', () => {
  const snapshot = buildSnapshot({
    gateways: [gatewayThing(1), gatewayThing(2)],
    resources: [
      resourceThing(1, 1, { uri: 'test://x/1', createdAt: 9 }),
      resourceThing(2, 2, { uri: 'test://x/1', createdAt: 3 }),
      resourceThing(3, 2, { uri: 'test://x/{id}', isTemplate: true, createdAt: 1 }),
      resourceThing(4, 1, { uri: 'test://{+any}', isTemplate: true, createdAt: 2 }),
      resourceThing(5, 1, { uri: 'test://x/{id}', isTemplate: true, createdAt: 7 }),
      resourceThing(6, 1, { uri: 'broken://{', isTemplate: true, createdAt: 7 }),
    ],
  })
  expect(found(snapshot, 'test://x/1')).toBe(ids.resource(2))
  expect(found(snapshot, 'test://x/2')).toBe(ids.resource(3))
  expect(found(snapshot, 'test://y/2')).toBe(ids.resource(4))
  expect(found(snapshot, 'test://x/{id}')).toBe(ids.resource(3))
  expect(found(snapshot, 'broken://{')).toBe(ids.resource(6))
  expect(found(snapshot, 'other://y')).toBeUndefined()
  const first: Scope = { kind: 'gateway', id: ids.gateway(1) }
  expect(found(snapshot, 'test://x/1', { scope: first })).toBe(ids.resource(1))
  expect(found(snapshot, 'test://x/2', { scope: first })).toBe(ids.resource(4))
})

test('what is switched off or out of sight does not answer; the next offer does', () => {
  const snapshot = buildSnapshot({
    gateways: [
      gatewayThing(1),
      gatewayThing(2, { visibility: 'private', ownerId: ids.user(1) }),
      gatewayThing(3, { enabled: false }),
    ],
    resources: [
      resourceThing(1, 3, { uri: 'test://a', createdAt: 1 }),
      resourceThing(2, 2, { uri: 'test://a', createdAt: 2 }),
      resourceThing(3, 1, { uri: 'test://a', createdAt: 3, enabled: false }),
      resourceThing(4, 1, { uri: 'test://{a}', isTemplate: true, createdAt: 4 }),
    ],
  })
  expect(found(snapshot, 'test://a', { who: owner })).toBe(ids.resource(2))
  expect(found(snapshot, 'test://a', { who: stranger })).toBe(ids.resource(4))
})

test('tools and prompts answer to the name of their scope only, and to nobody who may not see them', () => {
  const mine = { visibility: 'private', ownerId: ids.user(1) } as const
  const snapshot = buildSnapshot({
    gateways: [gatewayThing(1), gatewayThing(2, { enabled: false }), gatewayThing(3, { reachable: false })],
    tools: [
      toolThing(1, 1),
      toolThing(2, 1, { enabled: false }),
      toolThing(3, 1, mine),
      toolThing(4, 2),
      toolThing(5, 3),
    ],
    prompts: [promptThing(1, 1)],
  })
  const tool = (name: string, scope: Scope = ALL, who = admin) => snapshot.findTool(scope, name, who)?.item.id
  const first: Scope = { kind: 'gateway', id: ids.gateway(1) }
  expect(tool('gateway-1-tool-1')).toBe(ids.tool(1))
  expect(tool('tool_1')).toBeUndefined()
  expect(tool('tool_1', first)).toBe(ids.tool(1))
  expect(tool('gateway-1-tool-1', first)).toBeUndefined()
  expect(tool('gateway-1-tool-2')).toBeUndefined()
  expect([tool('gateway-1-tool-3', ALL, owner), tool('gateway-1-tool-3', ALL, stranger)]).toEqual([
    ids.tool(3),
    undefined,
  ])
  expect(tool('gateway-2-tool-4')).toBeUndefined()
  expect(tool('gateway-3-tool-5')).toBe(ids.tool(5))
  expect(tool('__proto__')).toBeUndefined()
  expect(snapshot.findPrompt(ALL, 'gateway-1-prompt-1', stranger)?.gateway.id).toBe(ids.gateway(1))
  expect(snapshot.findPrompt(first, 'prompt_1', stranger)?.item.id).toBe(ids.prompt(1))
})

test('a principal narrowed to a virtual server reaches that server and nothing else', () => {
  const entry = (n: number, name: string | null) => ({ id: ids.tool(n), name, description: null, position: n })
  const snapshot = buildSnapshot({
    gateways: [gatewayThing(1)],
    tools: [toolThing(1, 1), toolThing(2, 1), toolThing(3, 1)],
    resources: [resourceThing(1, 1), resourceThing(2, 1)],
    servers: [
      serverThing(1, {
        tools: [entry(1, null), entry(2, 'mine')],
        resources: [{ id: ids.resource(1), name: null, description: null, position: 0 }],
      }),
      serverThing(2, { tools: [entry(3, null)] }),
      serverThing(3, { visibility: 'private', tools: [entry(3, null)] }),
    ],
  })
  const narrowed = principalThing({ serverId: ids.server(1) })
  const server = (n: number): Scope => ({ kind: 'server', id: ids.server(n) })
  const tool = (scope: Scope, name: string, who = narrowed) => snapshot.findTool(scope, name, who)
  expect(tool(server(1), 'mine')).toMatchObject({ item: { id: ids.tool(2) }, server: { id: ids.server(1) } })
  expect(tool(ALL, 'mine')).toBeUndefined()
  expect(tool(ALL, 'gateway-1-tool-1')).toBeUndefined()
  expect(tool(server(1), 'gateway-1-tool-1')?.item.id).toBe(ids.tool(1))
  expect(tool(server(1), 'gateway-1-tool-2')).toBeUndefined()
  expect(tool(ALL, 'gateway-1-tool-3')).toBeUndefined()
  expect(tool(server(2), 'gateway-1-tool-3')).toBeUndefined()
  expect(tool({ kind: 'gateway', id: ids.gateway(1) }, 'tool_1')).toBeUndefined()
  expect(found(snapshot, 'test://resource/1', { who: narrowed, scope: server(1) })).toBe(ids.resource(1))
  expect(found(snapshot, 'test://resource/2', { who: narrowed, scope: server(1) })).toBeUndefined()
  expect(found(snapshot, 'test://resource/1', { who: narrowed })).toBeUndefined()
  expect(tool(server(2), 'gateway-1-tool-3', stranger)?.item.id).toBe(ids.tool(3))
  expect(tool(server(3), 'gateway-1-tool-3', stranger)).toBeUndefined()
  expect(tool(server(9), 'gateway-1-tool-3', stranger)).toBeUndefined()
})

test("in a virtual server what it lists answers to its upstream's own name too: a team's, a private one, a public one, in its order", () => {
  const of = (n: number, gateway: number, over: object = {}) => toolThing(n, gateway, { originalName: 'same', ...over })
  const team = { visibility: 'team', teamId: ids.team(1) } as const
  const mine = { visibility: 'private', ownerId: ids.user(1) } as const
  const entry = (n: number, name: string | null = null) => ({
    id: ids.tool(n),
    name,
    description: null,
    position: 9 - n,
  })
  const tools = [of(1, 1), of(2, 2), of(3, 3, mine), of(4, 4, team), of(5, 5, { ...team, enabled: false }), of(6, 6)]
  const state = buildState({
    gateways: [1, 2, 3, 4, 5, 6, 7].map((n) => gatewayThing(n)),
    tools,
    servers: [
      serverThing(1, { tools: [1, 2, 3, 4, 5].map((n) => entry(n)) }),
      serverThing(2, { tools: [entry(1, 'other'), entry(2)] }),
      serverThing(3, { tools: [entry(1, 'same'), entry(2), entry(4)] }),
      serverThing(4, { tools: [entry(1), entry(7)] }),
      serverThing(5, { tools: [entry(2), entry(3, 'same')] }),
    ],
  })
  const snapshot = viewOf(state)
  const server = (n: number): Scope => ({ kind: 'server', id: ids.server(n) })
  const tool = (n: number, who: Principal, name = 'same') => snapshot.findTool(server(n), name, who)?.item.id
  const sight = { userId: ids.user(5), isAdmin: false, teams: [ids.team(1)], teamId: null, serverId: null }
  const member = { ...stranger, visibilityClass: visibilityClass(sight) }
  expect([member, owner, stranger].map((who) => tool(1, who))).toEqual([ids.tool(4), ids.tool(3), ids.tool(2)])
  // What it calls otherwise answers to that alone, and what it lists under a name is before all that bear it elsewhere.
  expect([tool(2, admin), tool(2, admin, 'other'), tool(3, member)]).toEqual([ids.tool(2), ids.tool(1), ids.tool(1)])
  // What is hidden is in nobody's way.
  expect([tool(5, stranger), tool(5, owner)]).toEqual([ids.tool(2), ids.tool(3)])
  expect([tool(1, admin, 'gateway-6-tool-6'), tool(1, admin, '__proto__')]).toEqual([undefined, undefined])
  expect(snapshot.findTool(ALL, 'same', admin)).toBeUndefined()
  // It is looked up in what is there now.
  expect(tool(4, admin)).toBe(ids.tool(1))
  const edit = new CatalogEdit(state)
  edit.putTool(of(7, 7, team))
  const after = (who: Principal) => viewOf(edit.done(1)).findTool(server(4), 'same', who)?.item.id
  expect([member, admin].map(after)).toEqual([ids.tool(7), ids.tool(1)])
  expect(tool(4, member)).toBe(ids.tool(1))
})

test('users, tokens and things are found by id; a token by its hash', () => {
  const snapshot = buildSnapshot({
    seq: 7,
    users: [things.userThing(1)],
    tokens: [things.tokenThing(1)],
    gateways: [gatewayThing(2), gatewayThing(1)],
    servers: [serverThing(1)],
  })
  const { hash, id } = things.tokenThing(1)
  expect([snapshot.seq, snapshot.token(hash)?.id, snapshot.user(ids.user(1))?.email]).toEqual([7, id, 'u1@example.com'])
  expect([...snapshot.gateways()].map((gateway) => gateway.id)).toEqual([ids.gateway(1), ids.gateway(2)])
  expect([snapshot.server(ids.server(1))?.name, snapshot.server(ids.server(2))]).toEqual(['server 1', undefined])
})
