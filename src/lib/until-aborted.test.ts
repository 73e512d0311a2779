import { expect, test } from 'vitest'
import { untilAborted } from './until-aborted.ts'

const never = new Promise<string>(() => {})
const gone = new RangeError('gone')

test('a wait comes to what it comes to', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve('there'), signal)).toBe('there')
  await expect(untilAborted(Promise.reject(new TypeError('no')), signal)).rejects.toThrow(TypeError)
  expect(await untilAborted(Promise.resolve('there'), undefined)).toBe('there')
})

test('whoever leaves waits no longer, and what fails afterwards is nobody’s', async () => {
  const client = new AbortController()
  const { promise, reject } = Promise.withResolvers<string>()
  const waiting = untilAborted(promise, client.signal)
  client.abort(gone)
  await expect(waiting).rejects.toBe(gone)
  reject(new TypeError('later'))
  await expect(untilAborted(never, client.signal)).rejects.toBe(gone)
})
