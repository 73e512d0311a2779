import { expect, test } from 'vitest'
import { backoff, pause } from './backoff.ts'
import { insideTransaction } from './held-connection.ts'

test('delays double up to a cap, and chance only shortens them', () => {
  const options = { firstMs: 100, maxMs: 1000 }
  const longest = [1, 2, 3, 4, 5, 6].map((failures) => backoff(failures, { ...options, random: () => 0 }))
  expect(longest).toEqual([100, 200, 400, 800, 1000, 1000])
  const shortest = [1, 2, 3, 4, 5, 6].map((failures) => backoff(failures, { ...options, random: () => 1 }))
  expect(shortest).toEqual([50, 100, 200, 400, 500, 500])
  expect(backoff(2000, { ...options, jitter: 0 })).toBe(1000)
})

test('a pause ends with its signal', async () => {
  const stop = new AbortController()
  const long = pause(60_000, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(long).rejects.toThrow('stopped')
  await expect(pause(1, stop.signal)).rejects.toThrow('stopped')
  await expect(pause(1)).resolves.toBeUndefined()
})

test('a pause inside a transaction is refused', async () => {
  await expect(insideTransaction('test', () => pause(1))).rejects.toThrow(/hold its connection/)
})
