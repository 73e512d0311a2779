import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShardedMap } from './sharded-map.ts'

const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', ''), fc.string({ maxLength: 3 }))
const batch = fc.array(fc.record({ key, value: fc.option(fc.nat(), { nil: undefined }) }), {
  maxLength: 200,
  size: 'max',
})

test('behaves like a Map, and every version stays what it was', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const versions: { readonly model: Map<string, number>; readonly map: ShardedMap<number> }[] = []
      let model = new Map<string, number>()
      let map = ShardedMap.empty<number>()
      for (const changes of batches) {
        model = new Map(model)
        const edit = map.edit()
        for (const { key, value } of changes) {
          if (value === undefined) {
            model.delete(key)
            edit.delete(key)
          } else {
            model.set(key, value)
            edit.set(key, value)
          }
          expect(edit.get(key)).toBe(value)
        }
        map = edit.done()
        versions.push({ model, map })
      }
      for (const { model, map } of versions) {
        expect(new Map(map.entries())).toEqual(model)
        expect(map.size).toBe(model.size)
        for (const [key, value] of model) expect(map.get(key)).toBe(value)
        expect(map.get('\0absent')).toBeUndefined()
      }
    }),
  )
})

test('two versions differ where their entries do, in whatever order they were made', () => {
  fc.assert(
    fc.property(batch, batch, fc.boolean(), (first, second, shared) => {
      const apply = (map: ShardedMap<number>, changes: typeof first): ShardedMap<number> => {
        const edit = map.edit()
        for (const { key, value } of changes)
          if (value === undefined) edit.delete(key)
          else edit.set(key, value)
        return edit.done()
      }
      const a = apply(ShardedMap.empty(), first)
      const b = apply(shared ? a : ShardedMap.empty(), second)
      const keys = new Set([...a.entries(), ...b.entries()].map(([key]) => key))
      const expected = [...keys].filter((key) => a.get(key) !== b.get(key)).map((key) => [a.get(key), b.get(key)])
      const found = [...a.differences(b)].map(({ before, after }) => [before, after])
      const sorted = (all: readonly unknown[]): readonly string[] => all.map((each) => JSON.stringify(each)).toSorted()
      expect(sorted(found)).toEqual(sorted(expected))
    }),
  )
})

test('with and without make new versions; an edit that goes on leaves what it made alone', () => {
  const one = ShardedMap.from<number>([['a', 1]])
  const two = one.with([['b', 2]])
  expect([one.get('b'), two.get('a'), two.get('b'), two.without(['a']).size]).toEqual([undefined, 1, 2, 1])
  const edit = two.edit()
  edit.set('c', 3)
  const three = edit.done()
  edit.set('a', 9)
  expect([three.get('a'), three.get('c'), edit.done().get('a'), two.has('c')]).toEqual([1, 3, 9, false])
})

test('a change among 100,000 entries copies a shard, not the map', () => {
  const entries = Array.from({ length: 100_000 }, (_, n) => [`key ${n}`, n] as const)
  const map = ShardedMap.from<number>(entries)
  const began = performance.now()
  let last = map
  for (let n = 0; n < 2_000; n++) last = last.with([[`key ${n}`, -1]])
  const each = (performance.now() - began) / 2_000
  expect(each).toBeLessThan(0.2)
  expect([map.get('key 7'), last.get('key 7'), last.size]).toEqual([7, -1, 100_000])
})

test('what two versions share is not looked at', () => {
  const map = ShardedMap.from<number>(Array.from({ length: 100_000 }, (_, n) => [`key ${n}`, n] as const))
  const later = map.with([['key 5', -5]]).without(['key 6'])
  const began = performance.now()
  for (let n = 0; n < 200; n++) expect([...map.differences(later)]).toHaveLength(2)
  expect((performance.now() - began) / 200).toBeLessThan(1)
})
