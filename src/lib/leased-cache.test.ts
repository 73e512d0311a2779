import { expect, test } from 'vitest'
import { LeasedCache } from './leased-cache.ts'

function cache(over: { max?: number; idleMs?: number } = {}) {
  const clock = { now: 0 }
  const dropped: string[] = []
  const leases = new LeasedCache<string, string>({
    max: 2,
    idleMs: 10_000,
    dropped: (value) => dropped.push(value),
    now: () => clock.now,
    ...over,
  })
  return { leases, clock, dropped }
}

test('the least recently used goes first', () => {
  const { leases, clock, dropped } = cache()
  leases.set('a', 'A')
  leases.set('b', 'B')
  clock.now = 2000
  expect(leases.get('a')).toBe('A')
  leases.set('c', 'C')
  expect(dropped).toEqual(['B'])
  expect(leases.get('b')).toBeUndefined()
})

test('what is not used is dropped, whether asked for or swept', () => {
  const { leases, clock, dropped } = cache()
  leases.set('a', 'A')
  leases.set('b', 'B')
  clock.now = 9000
  leases.get('b')
  clock.now = 11_000
  leases.sweep()
  expect(dropped).toEqual(['A'])
  clock.now = 19_001
  expect(leases.get('b')).toBeUndefined()
  expect(leases.size).toBe(0)
})

test('a replaced value is dropped, the same one is not; clear drops all', () => {
  const { leases, dropped } = cache()
  leases.set('a', 'A')
  leases.set('a', 'A')
  leases.set('a', 'A2')
  expect(dropped).toEqual(['A'])
  leases.clear()
  expect(dropped).toEqual(['A', 'A2'])
})
