import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pending } from './pending.ts'

test('does what a map does, whatever comes and goes', () => {
  const step = fc.oneof(fc.constant(null), fc.nat(3000))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2000 }), (steps) => {
      const pending = new Pending<string>()
      const map = new Map<number, string>()
      let last = 0
      for (const each of steps) {
        if (each === null) {
          pending.add(++last, `v${last}`)
          map.set(last, `v${last}`)
        } else {
          expect(pending.get(each)).toBe(map.get(each))
          expect(pending.take(each)).toBe(map.get(each))
          map.delete(each)
        }
      }
      expect(pending.size).toBe(map.size)
      expect(pending.values().toSorted()).toEqual([...map.values()].toSorted())
      expect(pending.clear()).toHaveLength(map.size)
      expect(pending.size).toBe(0)
    }),
  )
})

test('many at a time, of which one stays for long', () => {
  const pending = new Pending<number>()
  pending.add(1, 1)
  for (let number = 2; number < 20_000; number++) {
    pending.add(number, number)
    if (number > 6000) expect(pending.take(number - 5000)).toBe(number - 5000)
  }
  expect(pending.get(1)).toBe(1)
  expect(pending.take(1)).toBe(1)
  expect(pending.take(1)).toBeUndefined()
})
