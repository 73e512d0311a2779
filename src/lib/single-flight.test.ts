import { expect, test } from 'vitest'
import { SingleFlight } from './single-flight.ts'

const fails = () => {
  throw new Error('at once')
}

test('whoever asks while it runs gets the same outcome; afterwards it runs anew', async () => {
  const flights = new SingleFlight<string, number>()
  let runs = 0
  const work = () => Promise.resolve(++runs)
  expect(await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('b', work)])).toEqual([1, 1, 2])
  expect(await flights.run('a', work)).toBe(3)
  expect(flights.size).toBe(0)
})

test('a failure reaches all and is not kept', async () => {
  const flights = new SingleFlight<string, number>()
  const outcomes = await Promise.allSettled([flights.run('a', fails), flights.run('a', fails)])
  expect(outcomes.map((one) => one.status)).toEqual(['rejected', 'rejected'])
  await expect(flights.run('a', () => Promise.resolve(1))).resolves.toBe(1)
})
