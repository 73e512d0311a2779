import { expect, test } from 'vitest'
import { Canceller } from './canceller.ts'

test('tells its listener once, and keeps the first reason', () => {
  const canceller = new Canceller()
  const heard: unknown[] = []
  canceller.signal.listen(() => heard.push(canceller.signal.reason))
  expect(canceller.signal.aborted).toBe(false)
  const first = new Error('first')
  canceller.abort(first)
  canceller.abort(new Error('second'))
  expect(heard).toEqual([first])
  expect(canceller.signal).toMatchObject({ aborted: true, reason: first })
})

test('tells nobody who has stopped listening', () => {
  const canceller = new Canceller()
  let heard = 0
  canceller.signal.listen(() => heard++)
  canceller.signal.unlisten()
  canceller.abort(new Error('late'))
  expect(heard).toBe(0)
})
