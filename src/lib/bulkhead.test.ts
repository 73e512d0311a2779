import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Bulkhead, BulkheadRefusal } from './bulkhead.ts'
import { createDeadlines } from './deadlines.ts'
import { insideTransaction } from './held-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const small = () => new Bulkhead({ limit: 2, waiting: 2, maxWaitMs: 1000 }, createDeadlines())

test('places go to whoever has waited longest', async () => {
  const bulkhead = small()
  const [a, b] = [await bulkhead.take(), await bulkhead.take()]
  const order: string[] = []
  const third = bulkhead.take().then((place) => (order.push('third'), place))
  const fourth = bulkhead.take().then((place) => (order.push('fourth'), place))
  expect([bulkhead.inside, bulkhead.waiting, bulkhead.tryTake()]).toEqual([2, 2, false])
  a[Symbol.dispose]()
  a[Symbol.dispose]()
  const thirds = await third
  expect(order).toEqual(['third'])
  b[Symbol.dispose]()
  const fourths = await fourth
  thirds[Symbol.dispose]()
  fourths[Symbol.dispose]()
  expect([bulkhead.inside, bulkhead.waiting]).toEqual([0, 0])
})

test('a full queue refuses at once, a long wait is refused when it is over', async () => {
  const bulkhead = small()
  await bulkhead.take()
  await bulkhead.take()
  const late = [bulkhead.take(), bulkhead.take()].map((taken) => taken.catch((error: unknown) => error))
  await expect(bulkhead.take()).rejects.toMatchObject({ why: 'full' })
  vi.advanceTimersByTime(1100)
  for (const one of late) expect(await one).toBeInstanceOf(BulkheadRefusal)
  expect(bulkhead.waiting).toBe(0)
})

test('an abort leaves the queue, wherever in it', async () => {
  const bulkhead = new Bulkhead({ limit: 1, waiting: 3, maxWaitMs: 1000 }, createDeadlines())
  const held = await bulkhead.take()
  const leaving = new AbortController()
  const first = bulkhead.take()
  const middle = bulkhead.take(leaving.signal)
  const last = bulkhead.take()
  leaving.abort(new Error('left'))
  await expect(middle).rejects.toThrow('left')
  expect(bulkhead.waiting).toBe(2)
  held[Symbol.dispose]()
  const got = await first
  got[Symbol.dispose]()
  await last
  expect([bulkhead.inside, bulkhead.waiting]).toEqual([1, 0])
})

test('waiting inside a transaction is refused', async () => {
  const bulkhead = small()
  await expect(insideTransaction('test', async () => void (await bulkhead.take()))).rejects.toThrow(
    /hold its connection/,
  )
  expect(bulkhead.inside).toBe(0)
})

test('thousands that leave as soon as they are let in do not overflow the stack', () => {
  const bulkhead = new Bulkhead({ limit: 1, waiting: 50_000, maxWaitMs: 1000 }, createDeadlines())
  let entered = 0
  expect(bulkhead.tryTake()).toBe(true)
  for (let i = 0; i < 50_000; i++)
    bulkhead.wait(
      () => {
        entered++
        bulkhead.release()
      },
      () => {},
    )
  bulkhead.release()
  expect([entered, bulkhead.inside, bulkhead.waiting]).toEqual([50_000, 0, 0])
})
