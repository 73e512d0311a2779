import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOCAL_GATEWAY_ID } from '../../src/access/ids.ts'
import type { Owned, Principal } from '../../src/access/principal.ts'
import { ownSight, visibilityClass, type Sight } from '../../src/access/visibility.ts'
import { buildSnapshot, buildState, type CatalogParts } from '../../src/catalog/build.ts'
import { Lists } from '../../src/catalog/lists.ts'
import type { AnyItem } from '../../src/catalog/model.ts'
import type { ListKind, Scope } from '../../src/catalog/snapshot.ts'
import type { CatalogState } from '../../src/catalog/state.ts'
import { viewOf } from '../../src/catalog/view.ts'
import * as things from '../support/catalog-things.ts'

const { ids, gatewayThing, promptThing, resourceThing, serverThing, toolThing, principalThing } = things
const ALL: Scope = { kind: 'all' }
const SERVER: Scope = { kind: 'server', id: ids.server(1) }
const NAMES = ['a', 'b', 'c'] as const
const ORIGINALS = ['x', 'y'] as const

const owned: fc.Arbitrary<Owned> = fc.record({
  ownerId: fc.constantFrom(null, ids.user(0), ids.user(1)),
  teamId: fc.constantFrom(null, ids.team(1), ids.team(2)),
  visibility: fc.constantFrom('private', 'team', 'public'),
})
const enabled = fc.integer({ min: 0, max: 5 }).map((n) => n > 0)
const sights: fc.Arbitrary<Sight> = fc.record({
  userId: fc.constantFrom(ids.user(0), ids.user(1)),
  isAdmin: fc.boolean(),
  teams: fc.uniqueArray(fc.constantFrom(ids.team(1), ids.team(2))),
  teamId: fc.option(fc.constantFrom(ids.team(1), ids.team(2)), { freq: 6 }),
  serverId: fc.constant(null),
})
const withSight = (sight: Sight): Principal => ({
  ...principalThing(),
  userId: sight.userId,
  visibilityClass: visibilityClass(sight),
})

const placed = fc.record({ place: owned, enabled, gateway: fc.integer({ min: 0, max: 3 }) })
const item = fc.record({ at: placed, name: fc.constantFrom(...NAMES), original: fc.constantFrom(...ORIGINALS) })
const entry = fc.option(fc.constantFrom(null, ...NAMES, 'd'), { nil: undefined })

/** 0 is where items are that are declared here. */
const gatewayId = (n: number) => (n === 0 ? LOCAL_GATEWAY_ID : ids.gateway(n))

const worlds = fc
  .record({
    gateways: fc.array(fc.record({ place: owned, enabled, age: fc.integer({ min: 1, max: 2 }) }), {
      minLength: 3,
      maxLength: 3,
    }),
    items: fc.uniqueArray(item, {
      minLength: 3,
      maxLength: 9,
      selector: ({ at, original, name }) => `${at.gateway} ${at.gateway === 0 ? name : original} ${JSON.stringify(at)}`,
    }),
    entries: fc.array(entry, { minLength: 9, maxLength: 9 }),
  })
  .map(({ gateways, items, entries }): CatalogParts => {
    const over = (n: number) => {
      const { at } = items[n] as (typeof items)[number]
      return { ...at.place, enabled: at.enabled, gatewayId: gatewayId(at.gateway) }
    }
    const named = (n: number, { name, original }: (typeof items)[number]) => ({
      ...over(n),
      name,
      originalName: original,
      definition: JSON.stringify({ name: original, inputSchema: {}, _meta: { id: n } }),
    })
    const uri = (name: string) => ({ uri: `test://${name}`, isTemplate: false })
    const selected = <Id>(idOf: (n: number) => Id) =>
      entries.flatMap((name, n) =>
        name === undefined ? [] : [{ id: idOf(n), name, description: null, position: 9 - n }],
      )
    const once = new Set<string>()
    const unique = selected(ids.tool).filter(({ name }) => name === null || (!once.has(name) && once.add(name)))
    return {
      gateways: gateways.map(({ place, enabled: on, age }, n) =>
        gatewayThing(n + 1, { ...place, enabled: on, createdAt: age }),
      ),
      tools: items.map((one, n) => toolThing(n, 1, named(n, one))),
      prompts: items.map((one, n) => promptThing(n, 1, named(n, one))),
      resources: items.map(({ name, original }, n) =>
        resourceThing(n, 1, {
          ...over(n),
          ...(original === 'x' ? uri(name) : { uri: `test://${name}{any}`, isTemplate: true }),
          createdAt: n % 3,
        }),
      ),
      servers: [
        serverThing(1, {
          tools: unique,
          prompts: unique.map(({ id, ...rest }) => ({ ...rest, id: id.replace(/^04/, '05') as never })),
          resources: selected(ids.resource).map((one) => ({ ...one, name: null })),
        }),
      ],
    }
  })

/** What is left of a world where all that is hidden from somebody never was. */
function withoutHidden(parts: CatalogParts, { visibilityClass: who }: Principal): CatalogParts {
  const gateways = [...(parts.gateways ?? [])].filter((gateway) => who.sees(gateway))
  const known = new Set<string>([LOCAL_GATEWAY_ID, ...gateways.map(({ id }) => id)])
  const seen = <T extends AnyItem>(all: Iterable<T> = []): readonly T[] =>
    [...all].filter((one) => who.sees(one) && known.has(one.gatewayId))
  const [tools, prompts, resources] = [seen(parts.tools), seen(parts.prompts), seen(parts.resources)]
  const left = new Set<string>([...tools, ...prompts, ...resources].map(({ id }) => id))
  const servers = [...(parts.servers ?? [])].map((server) => ({
    ...server,
    tools: server.tools.filter(({ id }) => left.has(id)),
    prompts: server.prompts.filter(({ id }) => left.has(id)),
    resources: server.resources.filter(({ id }) => left.has(id)),
  }))
  return { gateways, tools, prompts, resources, servers }
}

interface Entry {
  readonly name: string
  readonly uri?: string
  readonly uriTemplate?: string
  readonly _meta?: { readonly id: number }
}

async function listed(
  lists: Lists,
  state: CatalogState,
  { kind, scope, who }: { kind: ListKind; scope: Scope; who: Principal },
): Promise<readonly Entry[]> {
  const { items } = await lists.page(state, { kind, scope, who, era: 'modern', from: null })
  return JSON.parse(items.toString()) as readonly Entry[]
}

const KINDS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const
const CALLED = [...NAMES, ...ORIGINALS, 'd']
const READ = NAMES.flatMap((name) => [`test://${name}`, `test://${name}{any}`, `test://${name}z`])

const answers = (state: CatalogState, who: Principal): unknown => {
  const snapshot = viewOf(state)
  return [ALL, SERVER].map((scope) => [
    CALLED.map((name) => [
      snapshot.findTool(scope, name, who)?.item.id,
      snapshot.findPrompt(scope, name, who)?.item.id,
    ]),
    READ.map((uri) => snapshot.findResource(scope, uri, who)?.item.id),
  ])
}

test('each name of a list is there once and leads to what is listed, and nothing hidden changes any answer', async () => {
  let several = 0
  await fc.assert(
    fc.asyncProperty(worlds, fc.array(sights, { minLength: 2, maxLength: 4 }), async (parts, looking) => {
      const [state, lists] = [buildState(parts), new Lists()]
      several += state.tools.byName.several.size
      for (const who of looking.map(withSight)) {
        const left = buildState(withoutHidden(parts, who))
        expect(answers(state, who)).toEqual(answers(left, who))
        for (const kind of KINDS) {
          for (const scope of [ALL, SERVER]) {
            const entries = await listed(lists, state, { kind, scope, who })
            expect(entries).toEqual(await listed(new Lists(), left, { kind, scope, who }))
            const keys = entries.map(({ name, uri, uriTemplate }) => uri ?? uriTemplate ?? name)
            expect(new Set(keys).size).toBe(keys.length)
            for (const [n, key] of keys.entries())
              expect(leadsTo(state, { kind, scope, who, key })).toBe(idIn(entries[n]))
          }
        }
      }
    }),
    { numRuns: 400 },
  )
  expect(several).toBeGreaterThan(200)
})

const idIn = (entry: Entry | undefined): number => entry?._meta?.id ?? Number(entry?.name.replace('resource ', ''))

function leadsTo(
  state: CatalogState,
  { kind, scope, who, key }: { kind: ListKind; scope: Scope; who: Principal; key: string },
): number {
  const snapshot = viewOf(state)
  const found =
    kind === 'tools'
      ? snapshot.findTool(scope, key, who)
      : kind === 'prompts'
        ? snapshot.findPrompt(scope, key, who)
        : snapshot.findResource(scope, key, who)
  return Number.parseInt(found?.item.id.slice(2) ?? '', 16)
}

test('an administrator is answered by what others keep for themselves only where nothing else bears the name', () => {
  let lasts = 0
  fc.assert(
    fc.property(worlds, sights, (parts, sight) => {
      const state = buildState(parts)
      const [who, plain] = [withSight({ ...sight, isAdmin: true }), withSight(ownSight({ ...sight, isAdmin: true }))]
      for (const scope of [ALL, SERVER]) {
        for (const name of NAMES) {
          const own = viewOf(state).findTool(scope, name, plain)
          const answer = viewOf(state).findTool(scope, name, who)
          if (own === undefined) lasts += answer === undefined ? 0 : 1
          else expect(answer?.item.id).toBe(own.item.id)
        }
      }
    }),
    { numRuns: 400 },
  )
  expect(lasts).toBeGreaterThan(50)
})

const team = { visibility: 'team', teamId: ids.team(1), ownerId: ids.user(1) } as const
const mine = { visibility: 'private', ownerId: ids.user(0) } as const
const others = { visibility: 'private', ownerId: ids.user(1) } as const
const EVERYBODY = { userId: ids.user(0), isAdmin: false, teams: [ids.team(1)], teamId: null, serverId: null }

test("of several that bear a name a team's answers, then one's own, then a public one; of those the one whose gateway is older", () => {
  const bearers = [team, mine, {}, {}, others].map((place, n) => toolThing(n, 5 - n, { ...place, name: 'same' }))
  const gateways = [5, 4, 3, 2, 1].map((n) => gatewayThing(n))
  const found = (sight: Sight, from = 0): string | undefined =>
    buildSnapshot({ gateways, tools: bearers.slice(from) }).findTool(ALL, 'same', withSight(sight))?.item.id
  expect([0, 1, 2, 4].map((from) => found(EVERYBODY, from))).toEqual([ids.tool(0), ids.tool(1), ids.tool(3), undefined])
  const outside = { ...EVERYBODY, teams: [] }
  expect([found(outside), found({ ...outside, userId: ids.user(2) })]).toEqual([ids.tool(1), ids.tool(3)])
  const admin = { ...outside, userId: ids.user(2), isAdmin: true }
  expect([found(admin), found(admin, 4), found({ ...admin, userId: ids.user(0) })]).toEqual([
    ids.tool(3),
    ids.tool(4),
    ids.tool(1),
  ])
})

test('what is public behind a gateway that others keep for themselves is theirs, for an administrator', () => {
  const gateways = [gatewayThing(1, others), gatewayThing(2)]
  const tools = [toolThing(1, 1, { name: 'same' }), toolThing(2, 2, { name: 'same' })]
  const admin = { ...EVERYBODY, teams: [], isAdmin: true }
  expect(buildSnapshot({ gateways, tools }).findTool(ALL, 'same', withSight(admin))?.item.id).toBe(ids.tool(2))
})

test('of several that are declared here the one that was declared first answers', () => {
  const tools = [9, 4, 6].map((createdAt, n) =>
    toolThing(n, 1, { gatewayId: LOCAL_GATEWAY_ID, name: 'same', originalName: 'same', createdAt }),
  )
  expect(buildSnapshot({ tools }).findTool(ALL, 'same', withSight(EVERYBODY))?.item.id).toBe(ids.tool(1))
})
