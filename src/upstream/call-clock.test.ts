import { expect, test } from 'vitest'
import { CallClock, type AnswerProgress, type Look } from './call-clock.ts'

const SILENT: AnswerProgress = { lastByteAt: 0, format: undefined }
const LIMITS = { firstByteMs: 500, idleMs: 300, stalledMs: 400 }

function clock(): CallClock {
  const made = new CallClock(1000, 2000, LIMITS)
  made.placedAt = 1000
  made.sentAt = 1100
  return made
}

const TABLE: [string, number, AnswerProgress, Look][] = [
  ['nothing is due', 1200, SILENT, { kind: 'wait', ms: 300 }],
  ['the first byte is nearer than a look', 1500, SILENT, { kind: 'wait', ms: 100 }],
  ['no first byte', 1600, SILENT, { kind: 'silent' }],
  ['JSON goes on', 2000, { lastByteAt: 1900, format: 'json' }, { kind: 'wait', ms: 200 }],
  ['JSON stops', 2200, { lastByteAt: 1900, format: 'json' }, { kind: 'stopped' }],
  ['events may be silent', 2900, { lastByteAt: 1700, format: 'events' }, { kind: 'wait', ms: 100 }],
  ['events end with the call', 3000, { lastByteAt: 2999, format: 'events' }, { kind: 'endless' }],
  ['JSON ends with the call', 3000, { lastByteAt: 2999, format: 'json' }, { kind: 'endless' }],
]

test.each(TABLE)('%s', (_name, now, answer, look) => {
  expect(clock().look(now, answer)).toEqual(look)
})

test('while the client reads nothing its own deadline runs, and the others stand still', () => {
  const paused = clock()
  paused.pause(2000)
  paused.pause(2100)
  expect(paused.look(2300, { lastByteAt: 1500, format: 'json' })).toEqual({ kind: 'wait', ms: 100 })
  expect(paused.look(2400, { lastByteAt: 1500, format: 'json' })).toEqual({ kind: 'stalled' })
  paused.resume(2390)
  expect(paused.look(3100, { lastByteAt: 3050, format: 'json' })).toEqual({ kind: 'wait', ms: 250 })
  expect(paused.look(3390, { lastByteAt: 3380, format: 'json' })).toEqual({ kind: 'endless' })
})
