import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as things from '../support/catalog-things.ts'
import type { Principal } from '../../src/access/principal.ts'
import { buildState, type CatalogParts } from '../../src/catalog/build.ts'
import { CatalogEdit } from '../../src/catalog/edit.ts'
import { Lists } from '../../src/catalog/lists.ts'
import { PAGE_MAX_ITEMS } from '../../src/catalog/page.ts'
import type { ListKind, Scope } from '../../src/catalog/snapshot.ts'
import type { CatalogState } from '../../src/catalog/state.ts'
import { viewOf } from '../../src/catalog/view.ts'

const { ids, gatewayThing, toolThing, resourceThing, serverThing, principalThing } = things
const ALL: Scope = { kind: 'all' }
const admin = principalThing()

interface Shown {
  readonly name: string
  readonly uri?: string
  readonly uriTemplate?: string
  readonly title?: string
  readonly description?: string
}

interface Asked {
  readonly kind?: ListKind
  readonly scope?: Scope
  readonly who?: Principal
  readonly lists?: Lists
}

/** Every line of a list, over all its pages. */
async function walk(
  state: CatalogState,
  { kind = 'tools', scope = ALL, who = admin, lists = new Lists() }: Asked = {},
) {
  const shown: Shown[] = []
  let from: string | null = null
  do {
    const page = await lists.page(state, { kind, scope, who, era: 'modern', from })
    const items = JSON.parse(page.items.toString()) as Shown[]
    expect(items.length).toBe(page.count)
    shown.push(...items)
    from = page.next
  } while (from !== null)
  return shown
}

const definition = (name: string, bytes: number): string => JSON.stringify({ name, description: 'x'.repeat(bytes) })
const names = (shown: readonly Shown[]): readonly string[] => shown.map(({ name }) => name)

test('the aggregate lists gateways by age, each in its own order, under the names that calls use', async () => {
  const state = buildState({
    gateways: [
      gatewayThing(1, { createdAt: 5 }),
      gatewayThing(2, { createdAt: 1 }),
      gatewayThing(3, { enabled: false }),
    ],
    tools: [
      toolThing(1, 1, { position: 1 }),
      toolThing(2, 1, { position: 0, customTitle: 'Second', customDescription: 'says "we"' }),
      toolThing(3, 2),
      toolThing(4, 2, { enabled: false }),
      toolThing(5, 3),
    ],
  })
  expect(await walk(state)).toEqual([
    { name: 'gateway-2-tool-3', inputSchema: { type: 'object' } },
    { name: 'gateway-1-tool-2', title: 'Second', description: 'says "we"', inputSchema: { type: 'object' } },
    { name: 'gateway-1-tool-1', inputSchema: { type: 'object' } },
  ])
  expect(names(await walk(state, { scope: { kind: 'gateway', id: ids.gateway(1) } }))).toEqual(['tool_2', 'tool_1'])
  expect(await walk(state, { scope: { kind: 'gateway', id: ids.gateway(3) } })).toEqual([])
  expect(await walk(state, { scope: { kind: 'server', id: ids.server(9) } })).toEqual([])
})

test('a virtual server lists its items in its order, under its names; a name it gives shadows the same plain one', async () => {
  const entry = (n: number, position: number, name: string | null = null) => ({
    id: ids.tool(n),
    name,
    description: name === null ? null : `called ${name} here`,
    position,
  })
  const parts: CatalogParts = {
    gateways: [gatewayThing(0)],
    tools: [1, 2, 3, 4].map((n) => toolThing(n, 0)),
    servers: [
      serverThing(1, { tools: [entry(3, 0), entry(2, 1, 'gateway-0-tool-4'), entry(4, 2), entry(9, 3)] }),
      serverThing(2, { enabled: false, tools: [entry(1, 0)] }),
    ],
  }
  const state = buildState(parts)
  const scope: Scope = { kind: 'server', id: ids.server(1) }
  expect(await walk(state, { scope })).toMatchObject([
    { name: 'gateway-0-tool-3' },
    { name: 'gateway-0-tool-4', description: 'called gateway-0-tool-4 here' },
  ])
  expect(viewOf(state).findTool(scope, 'gateway-0-tool-4', admin)?.item.id).toBe(ids.tool(2))
  expect(await walk(state, { scope: { kind: 'server', id: ids.server(2) } })).toEqual([])
  const narrowed = principalThing({ serverId: ids.server(1) })
  expect(names(await walk(state, { who: narrowed, scope }))).toEqual(['gateway-0-tool-3', 'gateway-0-tool-4'])
  expect(await walk(state, { who: narrowed })).toEqual([])
  expect(await walk(state, { who: narrowed, scope: { kind: 'gateway', id: ids.gateway(0) } })).toEqual([])
  expect(await walk(state, { who: narrowed, scope: { kind: 'server', id: ids.server(2) } })).toEqual([])
})

test('of two offers of one URI the aggregate shows the older; the other is shown at its own gateway', async () => {
  const state = buildState({
    gateways: [gatewayThing(1), gatewayThing(2)],
    resources: [
      resourceThing(1, 1, { uri: 'test://same', createdAt: 9 }),
      resourceThing(2, 2, { uri: 'test://same', createdAt: 3 }),
      resourceThing(3, 1, { uri: 'test://{id}', isTemplate: true }),
    ],
  })
  expect(names(await walk(state, { kind: 'resources' }))).toEqual(['resource 2'])
  expect(names(await walk(state, { kind: 'resources', scope: { kind: 'gateway', id: ids.gateway(1) } }))).toEqual([
    'resource 1',
  ])
  expect(await walk(state, { kind: 'resourceTemplates' })).toEqual([{ name: 'resource 3', uriTemplate: 'test://{id}' }])
})

test('a page ends at 10,000 items; a walk goes on behind its last item when the list changes in between', async () => {
  const gateways = [gatewayThing(0), gatewayThing(1)]
  const tools = Array.from({ length: 15_000 }, (_, n) => toolThing(n, n % 2, { position: n }))
  const state = buildState({ gateways, tools })
  const lists = new Lists()
  const first = await lists.page(state, { kind: 'tools', scope: ALL, who: admin, era: 'modern', from: null })
  expect(first.count).toBe(PAGE_MAX_ITEMS)
  const last = tools[4_999]
  const edit = new CatalogEdit(state)
  for (const tool of tools.slice(0, 100)) edit.deleteItem('tool', tool.id)
  for (let n = 0; n < 200; n++) edit.putTool(toolThing(20_000 + n, 1, { position: -1 }))
  if (last) edit.deleteItem('tool', last.id)
  const rest = await lists.page(edit.done(1), {
    kind: 'tools',
    scope: ALL,
    who: admin,
    era: 'modern',
    from: first.next,
  })
  expect(rest.next).toBeNull()
  const firstNames = names(JSON.parse(first.items.toString()) as Shown[])
  const restNames = names(JSON.parse(rest.items.toString()) as Shown[])
  expect(new Set([...firstNames, ...restNames]).size).toBe(15_000)
  expect(restNames.length).toBe(5_000)
})

test('a page ends at 8 MiB, and a single line that is larger is a page of its own', async () => {
  const sizes = [3 << 20, 3 << 20, 3 << 20, 9 << 20, 10]
  const tools = sizes.map((size, n) => toolThing(n, 0, { position: n, definition: definition(`tool_${n}`, size) }))
  const state = buildState({ gateways: [gatewayThing(0)], tools })
  const counts: number[] = []
  const lists = new Lists()
  let from: string | null = null
  do {
    const page = await lists.page(state, { kind: 'tools', scope: ALL, who: admin, era: 'modern', from })
    counts.push(page.count)
    from = page.next
  } while (from !== null)
  expect(counts).toEqual([2, 1, 1, 1])
})

test('a page is built once: for everyone at once, and again only when what it shows has changed', async () => {
  const state = buildState({ gateways: [gatewayThing(0)], tools: [toolThing(1, 0)], resources: [resourceThing(1, 0)] })
  const lists = new Lists()
  const ask = (of: CatalogState, who: Principal = admin) =>
    lists.page(of, { kind: 'tools', scope: ALL, who, era: 'legacy', from: null })
  const [one, two] = await Promise.all([ask(state), ask(state)])
  expect(two).toBe(one)
  const edit = new CatalogEdit(state)
  edit.putResource(resourceThing(2, 0))
  edit.putTool(toolThing(1, 0))
  edit.putGateway(gatewayThing(0, { reachable: false }))
  const later = edit.done(1)
  expect(await ask(later)).toBe(one)
  expect((await ask(later, principalThing({ isAdmin: false }))).items).toEqual(one.items)
  const next = new CatalogEdit(later)
  next.putTool(toolThing(1, 0, { customTitle: 'New' }))
  expect((await ask(next.done(2))).items.toString()).toContain('"New"')
})

test.each(['', 'nonsense', '[]', '[1,2,3,4,5]', '{"a":1}'])('%j is no cursor', async (from) => {
  const asked = { kind: 'tools', scope: ALL, who: admin, era: 'modern', from } as const
  await expect(new Lists().page(buildState({}), asked)).rejects.toMatchObject({ code: 'invalid_field' })
})

const owned = fc.record({
  enabled: fc.boolean(),
  visibility: fc.constantFrom('public', 'private'),
  ownerId: fc.constantFrom(ids.user(1), ids.user(2)),
}) as fc.Arbitrary<{ enabled: boolean; visibility: 'public' | 'private'; ownerId: ReturnType<typeof ids.user> }>

test('what a list shows is exactly what a look-up finds, for every scope and principal', async () => {
  const tool = fc.record({
    gateway: fc.nat(2),
    position: fc.nat(3),
    owned,
    rename: fc.option(fc.constantFrom('a', 'b', 'gateway-0-tool-1')),
    selected: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(tool, { maxLength: 12 }),
      fc.array(owned, { minLength: 4, maxLength: 4 }),
      async (drawn, owners) => {
        const tools = drawn.map((one, n) => toolThing(n, one.gateway, { position: one.position, ...one.owned }))
        const given = new Set<string>()
        const entries = drawn.flatMap((one, n) => {
          const name = one.rename !== null && !given.has(one.rename) ? one.rename : null
          if (name !== null) given.add(name)
          return one.selected ? [{ id: ids.tool(n), name, description: null, position: one.position }] : []
        })
        const state = buildState({
          gateways: [0, 1, 2].map((n) => gatewayThing(n, owners[n])),
          tools,
          servers: [serverThing(0, { ...owners[3], tools: entries })],
        })
        const view = viewOf(state)
        const everyName = [
          'a',
          'b',
          'gateway-0-tool-1',
          ...tools.flatMap(({ name, originalName }) => [name, originalName]),
        ]
        const scopes: Scope[] = [ALL, { kind: 'server', id: ids.server(0) }, { kind: 'gateway', id: ids.gateway(1) }]
        for (const who of [
          admin,
          principalThing({ user: 1, isAdmin: false }),
          principalThing({ serverId: ids.server(0) }),
        ]) {
          for (const scope of scopes) {
            const listed = names(await walk(state, { scope, who }))
            const given = new Map(scope.kind === 'server' ? entries.map(({ id, name }) => [id, name]) : [])
            /** The name under which the list shows what a name leads to. */
            const shownFor = (name: string): string | undefined => {
              const item = view.findTool(scope, name, who)?.item
              return item && (given.get(item.id) ?? (scope.kind === 'gateway' ? item.originalName : item.name))
            }
            // By every name that leads anywhere one gets to what is listed, and by a name that is listed to that very thing.
            const found = everyName.filter((name) => shownFor(name) !== undefined)
            expect(listed.toSorted()).toEqual([...new Set(found.flatMap((name) => shownFor(name) ?? []))].toSorted())
            expect(listed.map(shownFor)).toEqual(listed)
            // A virtual server's things answer to their upstreams' own names as well; nothing else has a name that is not listed.
            const own = new Set(scope.kind === 'server' ? tools.map(({ originalName }) => originalName) : [])
            expect(listed.toSorted()).toEqual([...new Set(found.filter((name) => !own.has(name)))].toSorted())
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})
