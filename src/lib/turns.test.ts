import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turns, type Stint } from './turns.ts'

const busyFor = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Work of so many steps, which writes down that it was its turn. */
function stint(name: string, steps: number, log: string[], ms = 0): Stint {
  let left = steps
  return {
    step() {
      busyFor(ms)
      log.push(name)
      left -= 1
      return left > 0
    },
  }
}

test('all work comes to its end, in rounds', async () => {
  const turns = new Turns()
  const log: string[] = []
  turns.add(stint('a', 3, log))
  turns.add(stint('b', 2, log))
  turns.add(stint('c', 1, log))
  while (log.length < 6) await setImmediate()
  expect(log.join('')).toBe('abcaba')
})

test('whatever waits, a turn of the event loop spends little on it', async () => {
  const turns = new Turns()
  const log: string[] = []
  for (let n = 0; n < 50; n++) turns.add(stint('x', 10, log, 0.2))
  let most = 0
  while (log.length < 500) {
    const before = log.length
    await setImmediate()
    most = Math.max(most, log.length - before)
  }
  // Two turns may lie between two looks.
  expect(most).toBeLessThanOrEqual(8)
})

test('while somebody else is served, the process rests between two turns; alone it does not', async () => {
  const turns = new Turns()
  const rounds = async (): Promise<number> => {
    const log: string[] = []
    const began = performance.now()
    turns.add(stint('x', 40, log, 0.3))
    while (log.length < 40) await setImmediate()
    return performance.now() - began
  }
  // A busy machine may take its own rest.
  const alone = Math.min(await rounds(), await rounds(), await rounds(), await rounds())
  const timer = setInterval(() => turns.served(performance.now()), 1)
  for (let n = 0; n < 4; n++) turns.served(performance.now())
  const beside = await rounds()
  clearInterval(timer)
  // Forty steps, each a turn of its own, with 39 rests of nine times its 0.3 ms between them, of which a timer may give a
  // millisecond less: it counts from the time at which the event loop's turn began.
  expect(beside).toBeGreaterThan(39 * 1.5)
  expect(alone).toBeLessThan(beside / 2)
})

test('one bulky answer is not another to itself', async () => {
  const turns = new Turns()
  turns.served(performance.now())
  turns.served(performance.now())
  const log: string[] = []
  const quickest = async (): Promise<number> => {
    const began = performance.now()
    turns.add(stint('x', 20, log, 0.3))
    do await setImmediate()
    while (log.length % 20 !== 0)
    return performance.now() - began
  }
  // With rests it would be 60 ms.
  expect(Math.min(await quickest(), await quickest(), await quickest())).toBeLessThan(40)
})

test('what was removed has no more turns, and can be added again', async () => {
  const turns = new Turns()
  const log: string[] = []
  const work = stint('x', 100, log, 1)
  turns.add(work)
  await setImmediate()
  turns.remove(work)
  const so = log.length
  for (let n = 0; n < 5; n++) await setImmediate()
  expect(log.length).toBe(so)
  turns.add(work)
  while (log.length < 100) await setImmediate()
})
