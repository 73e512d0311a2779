import { expect, test } from 'vitest'
import { collectLimit, hoursOf } from './token-limits.ts'
import { limitWords } from './token-show.ts'

test.each([
  [
    'mon-fri 09:00-17:00 Europe/Berlin',
    { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start_time: '09:00', end_time: '17:00', timezone: 'Europe/Berlin' },
  ],
  ['sat,sun', { days: ['sat', 'sun'] }],
  ['22:00-06:00', { start_time: '22:00', end_time: '06:00' }],
  ['Fri-Mon UTC', { days: ['fri', 'sat', 'sun', 'mon'], timezone: 'UTC' }],
])('%s', (text, said) => expect(hoursOf(text)).toEqual(said))

test.each(['', 'Europe/Berlin', 'mon-fri mon', '9-17', 'mon-fri-sat', '09:00-17:00 10:00-12:00'])(
  '%s is refused',
  (text) => {
    expect(() => hoursOf(text)).toThrow(/must be like|say days/)
  },
)

test('limits are said once for each span', () => {
  expect(collectLimit('100/hour', collectLimit('7/day'))).toEqual([
    ['requests_per_day', 7],
    ['requests_per_hour', 100],
  ])
  for (const text of ['0/hour', '1', '1/minute', 'x/day']) expect(() => collectLimit(text)).toThrow(/must be like/)
  expect(() => collectLimit('1/day', collectLimit('2/day'))).toThrow(/said twice/)
})

test.each([
  [{ days: ['mon', 'tue'], start_time: '08:00', end_time: '12:00', timezone: 'UTC' }, 'mon,tue 08:00-12:00 UTC'],
  [{ business_hours_only: true, weekdays_only: false }, '09:00-17:00 UTC'],
  [
    { business_hours_only: true, weekdays_only: true, timezone: 'Asia/Tokyo' },
    'mon,tue,wed,thu,fri 09:00-17:00 Asia/Tokyo',
  ],
  [{ weekdays_only: true, start_time: '12:00' }, 'mon,tue,wed,thu,fri 12:00-24:00 UTC'],
])('hours are shown in words: %j', (time_restrictions, words) =>
  expect(limitWords({ time_restrictions })).toEqual([words]),
)
