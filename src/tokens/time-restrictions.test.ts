import { expect, test } from 'vitest'
import { openAt, type Hours } from '#/access/hours.ts'
import { hoursIn, timesView, type Times } from './time-restrictions.ts'

const BOTH = { business_hours_only: true, weekdays_only: true }
const opens = (times: Times, at: string): boolean => openAt(hoursIn(times) as Hours)(Date.parse(at))

/** 2026-07-06 is a Monday; Berlin is two hours ahead of UTC then, New York four behind. */
test.each<[Times, string, boolean]>([
  [{ business_hours_only: true }, '2026-07-06T08:59:59Z', false],
  [{ business_hours_only: true }, '2026-07-06T09:00:00Z', true],
  [{ business_hours_only: true }, '2026-07-06T16:59:59Z', true],
  [{ business_hours_only: true }, '2026-07-06T17:00:00Z', false],
  [{ business_hours_only: true }, '2026-07-05T12:00:00Z', true],
  [{ business_hours_only: true, days: ['Monday'] }, '2026-07-05T12:00:00Z', false],
  [{ business_hours_only: true, timezone: 'Europe/Berlin' }, '2026-07-06T07:00:00Z', true],
  [{ business_hours_only: true, timezone: 'Europe/Berlin' }, '2026-07-06T15:00:00Z', false],
  [{ weekdays_only: true }, '2026-07-10T23:59:59Z', true],
  [{ weekdays_only: true }, '2026-07-11T00:00:00Z', false],
  [{ weekdays_only: true }, '2026-07-12T23:59:59Z', false],
  [{ weekdays_only: true }, '2026-07-13T00:00:00Z', true],
  [{ weekdays_only: true, timezone: 'America/New_York' }, '2026-07-11T03:59:59Z', true],
  [{ weekdays_only: true, start_time: '12:00' }, '2026-07-06T11:59:59Z', false],
  [BOTH, '2026-07-10T16:59:59Z', true],
  [BOTH, '2026-07-11T12:00:00Z', false],
  [{ ...BOTH, weekdays_only: false }, '2026-07-11T12:00:00Z', true],
])('%j at %s: %s', (times, at, isOpen) => expect(opens(times, at)).toBe(isOpen))

test.each<[Times]>([
  [BOTH],
  [{ business_hours_only: true, weekdays_only: false }],
  [{ weekdays_only: true, timezone: 'Europe/Berlin' }],
  [{ days: ['mon'], start_time: '08:00', end_time: '12:00', timezone: 'UTC' }],
])('%j is shown as it was said, and is the same when it is sent back', (times) => {
  const hours = hoursIn(times)
  expect(timesView(hours)).toEqual(times)
  expect(hoursIn(timesView(hours))).toEqual(hours)
})

test.each<[Times]>([[{}], [{ business_hours_only: false, weekdays_only: false }]])('%j restricts nothing', (times) => {
  expect(hoursIn(times)).toBeNull()
  expect(timesView(null)).toEqual({})
})
