import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedRun } from './sorted-run.ts'

interface Item {
  readonly n: number
  readonly text: string
}

const compare = (a: Item, b: Item): number => a.n - b.n

test('holds what was put, in order, through any changes; versions stay what they were', () => {
  const change = fc.record({ n: fc.nat(2_000), put: fc.boolean(), text: fc.string({ maxLength: 2 }) })
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 900, size: 'max' }), { maxLength: 4 }), (batches) => {
      let run = new SortedRun<Item>(compare)
      const model = new Map<number, Item>()
      const versions: { readonly run: SortedRun<Item>; readonly items: readonly Item[] }[] = []
      for (const changes of batches) {
        const edit = run.edit()
        for (const { n, put, text } of changes) {
          if (put) {
            edit.put({ n, text })
            model.set(n, { n, text })
          } else {
            edit.delete({ n, text: '' })
            model.delete(n)
          }
        }
        run = edit.done()
        versions.push({ run, items: [...model.values()].toSorted(compare) })
      }
      for (const { run, items } of versions) {
        expect([...run]).toEqual(items)
        expect(run.size).toBe(items.length)
        expect(run.chunks.every((chunk) => chunk.items.length > 0 && chunk.items.length <= 256)).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

test('an untouched chunk is shared, a touched one is another; an edit without effect is the same version', () => {
  const edit = new SortedRun<Item>(compare).edit()
  for (let n = 0; n < 1_000; n++) edit.put({ n, text: '' })
  const run = edit.done()
  const again = run.edit()
  again.put({ n: 500, text: 'new' })
  const next = again.done()
  const changed = next.chunks.filter((chunk) => !run.chunks.includes(chunk))
  expect(changed.length).toBe(1)
  expect(run.chunks.some(({ id }) => id === changed[0]?.id)).toBe(false)
  expect(next.stamp).not.toBe(run.stamp)
  const idle = run.edit()
  idle.delete({ n: 5_000, text: '' })
  expect(idle.done()).toBe(run)
})

test('firstWhere finds where a walk goes on', () => {
  const edit = new SortedRun<Item>(compare).edit()
  for (let n = 0; n < 1_000; n++) edit.put({ n: n * 2, text: '' })
  const run = edit.done()
  for (const [after, expected] of [
    [-1, 0],
    [0, 2],
    [777, 778],
    [1_998, undefined],
  ] as const) {
    const { chunk, index } = run.firstWhere(({ n }) => n > after)
    expect(run.chunks[chunk]?.items[index]?.n).toBe(expected)
  }
})
