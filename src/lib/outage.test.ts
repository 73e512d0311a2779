import { expect, test } from 'vitest'
import { outage } from './outage.ts'

test('a failure is said once, and again after it worked', () => {
  const tries = outage()
  expect(tries.worked()).toBe(false)
  expect([tries.failed(), tries.failed(), tries.failed()]).toEqual([true, false, false])
  expect([tries.worked(), tries.worked()]).toEqual([true, false])
  expect(tries.failed()).toBe(true)
})
