import { expect, test } from 'vitest'
import { areHoursIn, DAYS, isTimeZone, openAt, type Hours } from './hours.ts'

const WORK: Hours = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '09:00', end: '17:00', zone: 'Europe/Berlin' }
const NIGHT: Hours = { days: ['fri'], start: '22:00', end: '06:00', zone: 'UTC' }

/** 2026-07-06 is a Monday; Berlin is two hours ahead of UTC then, one hour in winter. */
test.each([
  [WORK, '2026-07-06T06:59:59Z', false],
  [WORK, '2026-07-06T07:00:00Z', true],
  [WORK, '2026-07-06T14:59:59Z', true],
  [WORK, '2026-07-06T15:00:00Z', false],
  [WORK, '2026-01-05T07:30:00Z', false],
  [WORK, '2026-01-05T08:00:00Z', true],
  [WORK, '2026-07-05T10:00:00Z', false],
  [NIGHT, '2026-07-10T21:59:00Z', false],
  [NIGHT, '2026-07-10T22:00:00Z', true],
  [NIGHT, '2026-07-11T05:59:00Z', true],
  [NIGHT, '2026-07-11T06:00:00Z', false],
  [NIGHT, '2026-07-10T05:00:00Z', false],
  [{ ...NIGHT, days: ['sun'] }, '2026-07-13T01:00:00Z', true],
  [{ days: DAYS, start: '00:00', end: '24:00', zone: 'UTC' }, '2026-07-13T23:59:59Z', true],
] as const)('%j at %s: %s', (hours, at, isOpen) => expect(openAt(hours)(Date.parse(at))).toBe(isOpen))

test('one clock is asked again as time goes on', () => {
  const isOpen = openAt(WORK)
  const at = (text: string): boolean => isOpen(Date.parse(text))
  expect([at('2026-07-06T06:59:00Z'), at('2026-07-06T07:00:00Z'), at('2026-07-06T15:00:00Z')]).toEqual([
    false,
    true,
    false,
  ])
})

test.each([
  ['the same', WORK, WORK, true],
  ['shorter', { ...WORK, start: '10:00', days: ['mon'] }, WORK, true],
  ['longer', { ...WORK, end: '17:01' }, WORK, false],
  ['another day', { ...WORK, days: ['sat'] }, WORK, false],
  ['another zone', { ...WORK, zone: 'UTC' }, WORK, false],
  ['the end of a night', { ...NIGHT, days: ['sat'], start: '01:00', end: '02:00' }, NIGHT, true],
  ['a night in a day', NIGHT, { ...NIGHT, start: '00:00', end: '24:00' }, false],
] as const)('%s', (_, inner, outer, isIn) => expect(areHoursIn(inner, outer)).toBe(isIn))

test('time zones have names', () => {
  expect(['UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false])
})
