import { expect, test, vi } from 'vitest'
import { uuidMaker } from './uuid-v7.ts'

test('the time, the version and the variant are where RFC 9562 has them', () => {
  const mint = uuidMaker(() => 0x0123_4567_89ab)
  for (let i = 0; i < 1000; i++) expect(mint()).toMatch(/^0123456789ab7[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
})

test('what is made later sorts later: in one millisecond, in the next, and after a clock that was set back', () => {
  const times = [5, 5, 5, 6, 6, 3, 3, 7]
  const clock = vi.fn(() => times[clock.mock.calls.length - 1] ?? 7)
  const mint = uuidMaker(clock)
  const made = Array.from({ length: 2000 }, mint)
  expect(made).toEqual(made.toSorted())
  expect(new Set(made).size).toBe(made.length)
})

test('those of two makers at the same moment differ in chance, too', () => {
  const tails = [uuidMaker(() => 1), uuidMaker(() => 1)].flatMap((mint) =>
    Array.from({ length: 500 }, () => mint().slice(-11)),
  )
  expect(new Set(tails).size).toBe(1000)
})
