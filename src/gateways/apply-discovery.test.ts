import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { diffOf, isEmpty, type KnownItem, NOTHING_KNOWN } from './apply-discovery.ts'
import type { Offered } from './discovery.ts'
import { namePrefix, namesFor, renamedItems } from './naming.ts'

const offered = (key: string, definition = `{"name":"${key}"}`): Offered => ({
  key,
  definition,
  name: key,
  title: null,
  description: null,
  mimeType: null,
  paramHeaders: null,
})
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const known = (key: string, position: number, definition = `{"name":"${key}"}`): KnownItem => ({
  id: `id-${key}`,
  key,
  digest: digest(definition),
  position,
})
const none = { tools: null, prompts: null, resources: null, templates: null }
const keys = (items: readonly { key: string }[]): string[] => items.map(({ key }) => key)

/** What is stored, what is offered, and what must happen: added, updated, moved, removed. */
const TABLE: readonly (readonly [string, KnownItem[], Offered[] | null, string[][]])[] = [
  ['nothing and nothing', [], [], [[], [], [], []]],
  ['a list that broke off changes nothing', [known('a', 0)], null, [[], [], [], []]],
  ['an empty list removes everything', [known('a', 0), known('b', 1)], [], [[], [], [], ['id-a', 'id-b']]],
  ['what is as it was is left alone', [known('a', 0)], [offered('a')], [[], [], [], []]],
  ['new', [known('a', 0)], [offered('a'), offered('b')], [['b'], [], [], []]],
  ['another definition', [known('a', 0)], [offered('a', '{"name":"a","x":1}')], [[], ['a'], [], []]],
  ['another order', [known('a', 0), known('b', 1)], [offered('b'), offered('a')], [[], [], ['b', 'a'], []]],
  ['the first of two with one name', [], [offered('a', '1'), offered('a', '2')], [['a'], [], [], []]],
  ['a name that cannot be stored', [], [offered('a\0b')], [[], [], [], []]],
]

test.each(TABLE)('%s', (_, stored, list, [added, updated, moved, removed]) => {
  const { tools } = diffOf({ ...NOTHING_KNOWN, tools: stored }, { ...none, tools: list })
  expect(keys(tools.added)).toEqual(added)
  expect(keys(tools.updated)).toEqual(updated)
  expect(keys(tools.moved)).toEqual(moved)
  expect(tools.removed).toEqual(removed)
  for (const item of [...tools.updated, ...tools.moved]) expect(item.id).toBe(`id-${item.key}`)
})

test('applied twice, the second time is empty', () => {
  const found = { ...none, tools: [offered('a'), offered('b')], templates: [offered('x:{y}')] }
  const first = diffOf(NOTHING_KNOWN, found)
  expect(isEmpty(first)).toBe(false)
  const stored = { ...NOTHING_KNOWN, tools: first.tools.added, templates: first.templates.added }
  expect(isEmpty(diffOf(stored, found))).toBe(true)
})

test('only what is new gets a name, and never one that is taken', () => {
  const diff = diffOf({ ...NOTHING_KNOWN, tools: [known('a', 0)] }, { ...none, tools: [offered('a'), offered('b')] })
  const names = namesFor(diff, 'gw', { tools: new Set(['gw-b']), prompts: new Set() })
  expect([...names.tools.keys()]).toEqual(['b'])
  expect(names.tools.get('b')).toMatch(/^gw-b-[0-9a-f]{6}$/)
})

test('every name of a gateway begins with its prefix', () => {
  for (const slug of ['gw', 'g'.repeat(56), 'g'.repeat(200)]) {
    const items = [known('a', 0), known('b'.repeat(300), 1)]
    const renamed = renamedItems({ tools: items, prompts: [] }, slug, { tools: new Set(), prompts: new Set() })
    for (const { name } of renamed) expect(name.startsWith(namePrefix(slug))).toBe(true)
  }
})
