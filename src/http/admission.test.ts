import { expect, test } from 'vitest'
import { Admission } from './admission.ts'

const LIMITS = { calls: 3, callsPerPrincipal: 2, bodyBytes: 100 }
const REFUSED = expect.objectContaining({ code: 'overloaded', retryAfter: 1 })

test('one principal cannot take every place', () => {
  const admission = new Admission(LIMITS)
  admission.enter('a')
  admission.enter('a')
  expect(() => admission.enter('a')).toThrow(REFUSED)
  expect(() => admission.enter('b')).not.toThrow()
})

test('all together cannot take more than there is', () => {
  const admission = new Admission(LIMITS)
  for (const who of ['a', 'b', 'c']) admission.enter(who)
  expect(() => admission.enter('d')).toThrow(REFUSED)
})

test('bodies are bounded together, and leaving gives back exactly once', () => {
  const admission = new Admission(LIMITS)
  const first = admission.enter('a')
  first.reserve(80)
  const second = admission.enter('b')
  expect(() => second.reserve(21)).toThrow(REFUSED)
  first.leave()
  first.leave()
  expect(admission.inFlight).toBe(1)
  expect(() => second.reserve(100)).not.toThrow()
})
