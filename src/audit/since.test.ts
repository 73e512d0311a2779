import { expect, test } from 'vitest'
import { sinceOf } from './since.ts'

const NOW = Date.parse('2026-03-31T12:00:00Z')
const iso = (text: string): string => new Date(sinceOf(text, NOW)).toISOString()

test.each([
  ['2026-03-31T10:00:00Z', '2026-03-31T10:00:00.000Z'],
  ['2026-03-31T10:00:00+02:00', '2026-03-31T08:00:00.000Z'],
  ['2026-03-31T10:00', '2026-03-31T10:00:00.000Z'],
  ['2026-03-31 10:00:00.5', '2026-03-31T10:00:00.500Z'],
  ['2026-03-30', '2026-03-30T00:00:00.000Z'],
  ['2h', '2026-03-31T10:00:00.000Z'],
  ['90m', '2026-03-31T10:30:00.000Z'],
  [' 7d ', '2026-03-24T12:00:00.000Z'],
  ['1w', '2026-03-24T12:00:00.000Z'],
])('%s is a time', (text, at) => expect(iso(text)).toBe(at))

test.each(['', '1', 'yesterday', '2h30', '-2h', '2026-13-01', '2026-02-30T25:00:00Z', '31.01.2026', '1e3d', '2 h ago'])(
  '%s is no time, and what would be one is said',
  (text) => expect(() => sinceOf(text, NOW)).toThrow(/since: .* is no time: .*2026-01-31T08:00:00Z.*7d/),
)

test('a time that is still to come is refused', () => {
  expect(() => sinceOf('2026-04-01', NOW)).toThrow(/still to come/)
})
