import { expect, test } from 'vitest'
import { readinessBy } from './degraded.ts'

const HOUR = 3_600_000
const full = { of: 'writes', what: 'its disk is full' } as const

test.each([
  ['the database answers', { ageMs: 400, isSaved: false }, null, true, []],
  ['it refuses writes', { ageMs: 400, isSaved: false }, full, true, [/^its disk is full: calls and lists go on/]],
  ['it is away', { ageMs: 4_000, isSaved: false }, null, true, [/for 4 s: calls and lists are served from the last/]],
  ['it was away at the start', { ageMs: 400, isSaved: true }, null, true, [/served from the snapshot on disk/]],
  ['it is away for as long as may be', { ageMs: HOUR, isSaved: false }, null, true, [/3600 s: calls and lists are/]],
  ['it is away for longer', { ageMs: HOUR + 1, isSaved: false }, null, false, [/MAX_AGE allows.* refused/]],
  ['and since before the start', { ageMs: HOUR + 1, isSaved: true }, full, false, [/full\): .*MAX_AGE allows/]],
] as const)('where %s, a probe is told so', (_, behind, trouble, ready, reasons) => {
  const said = readinessBy(behind, trouble, { maxAgeMs: HOUR, isQuiet: false })
  expect(readinessBy(behind, trouble, { maxAgeMs: HOUR, isQuiet: true }).ready).toBe(false)
  expect(said).toEqual({ ready, degraded: reasons.map((reason) => expect.stringMatching(reason)) })
})
