import { expect, test } from 'vitest'
import { createDeadlines } from '#/lib/deadlines.ts'
import { placesBounded } from './sign-in-places.ts'

const { signal } = new AbortController()

test('a network has its share of the places and of the queue together, and gets it back', async () => {
  const places = placesBounded(createDeadlines(), { limit: 10, waiting: 10, maxWaitMs: 1_000, perNetwork: 2 })
  const first = await places('203.0.113.1', signal)
  using _second = await places('203.0.113.1', signal)
  await expect(places('203.0.113.1', signal)).rejects.toThrow('very often at the same time')
  using _other = await places('198.51.100.1', signal)
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  using _third = await places('203.0.113.1', signal)
  await expect(places('203.0.113.1', signal)).rejects.toThrow('very often at the same time')
})

test('who was not let in holds nothing', async () => {
  const places = placesBounded(createDeadlines(), { limit: 1, waiting: 0, maxWaitMs: 1_000, perNetwork: 2 })
  const holder = await places('203.0.113.1', signal)
  for (let n = 0; n < 5; n++) await expect(places('203.0.113.1', signal)).rejects.toThrow('very many sign in')
  holder[Symbol.dispose]()
  using _again = await places('203.0.113.1', signal)
})
