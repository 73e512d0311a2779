import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CrowdProofMap } from './crowd-proof-map.ts'

const MAX = 100

const fill = (map: CrowdProofMap<number>, prefix: string, times: number): void => {
  for (let n = 0; n < times; n++) map.set(`${prefix}${n}`, n)
}

test('what is in use stays, however many come once beside it', () => {
  const map = new CrowdProofMap<number>(MAX)
  fill(map, 'busy', 80)
  for (let n = 0; n < 80; n++) map.get(`busy${n}`)
  fill(map, 'once', 100 * MAX)
  for (let n = 0; n < 80; n++) expect([n, map.get(`busy${n}`)]).toEqual([n, n])
  expect(map.size).toBe(MAX)
})

test('what is not asked for any more gives way to what is', () => {
  const map = new CrowdProofMap<number>(MAX)
  fill(map, 'old', MAX)
  for (let n = 0; n < MAX; n++) map.get(`old${n}`)
  for (let round = 0; round < 3; round++)
    for (let n = 0; n < 90; n++) if (map.get(`new${n}`) === undefined) map.set(`new${n}`, n)
  let found = 0
  for (let n = 0; n < 90; n++) if (map.get(`new${n}`) !== undefined) found += 1
  expect(found).toBeGreaterThan(80)
})

test('there are never more than it may have, and what was set last is there with its last value', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 20 }).map(String), set: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const map = new CrowdProofMap<number>(7)
      const last = new Map<string, number>()
      for (const [at, { key, set }] of steps.entries()) {
        if (!set) {
          const found = map.get(key)
          if (found !== undefined) expect(found).toBe(last.get(key))
          continue
        }
        map.set(key, at)
        last.set(key, at)
        expect(map.get(key)).toBe(at)
        expect(map.size).toBeLessThanOrEqual(7)
      }
    }),
  )
})
