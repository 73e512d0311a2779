import { expect, test } from 'vitest'
import { quantile, storm } from '../support/catalog-storm/storm.ts'
import { testDatabase } from '../support/database.ts'
import { seedCatalog } from '../support/seed-catalog.ts'

/** What writers do to each other: a tool for a gateway that was just deleted, a deadlock lost three times. */
const LOST_TO_ANOTHER = /something this refers to does not exist|somebody else is changing this/

/** Of the CPU of the loop's own thread. */
const FAR_TOO_LONG_MS = 200

test('eight processes change 100,000 tools and are killed at it; both keepers see all of it in time and end equal', async () => {
  await using database = await testDatabase()
  const seed = { gateways: 1_000, tools: 100_000 }
  await seedCatalog(database.url, seed)
  const { url } = database
  const load = { writers: 8, keepers: 2, perSecond: 100, seconds: 12, killEveryMs: 3_000, notify: true }
  const { changes, delays, reports, failures, killedInside, killedAnywhere } = await storm({ url, seed, ...load })
  expect(failures.filter((message) => !LOST_TO_ANOTHER.test(message))).toEqual([])
  expect(changes).toBeGreaterThan(300)
  expect(killedInside).toBeGreaterThan(0)
  expect(killedAnywhere).toBeGreaterThan(0)
  expect(delays.length).toBe(changes)
  // The second that is promised is measured by `npm run bench:catalog`, where nothing else runs; a change that is missed comes never.
  expect(quantile(delays, 0.99)).toBeLessThan(5_000)
  // How short the turns are is measured by that command as well. Here nothing goes through the whole catalog in one: that takes a second.
  for (const { stalls } of reports) expect(stalls.cpu).toBeLessThan(FAR_TOO_LONG_MS)
  const [first, second] = reports
  expect(first?.digest).toBe(first?.fresh)
  expect(second?.digest).toBe(first?.digest)
}, 120_000)
