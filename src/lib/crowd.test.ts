import { expect, test } from 'vitest'
import { crowd } from './crowd.ts'

/** Answers each key with its length, when it is let. */
function library() {
  const questions: { keys: readonly string[]; answer: (failure?: string) => void }[] = []
  const ask = crowd<string, number>(
    (keys) =>
      new Promise((resolve, reject) => {
        const answer = (failure?: string): void =>
          failure ? reject(new Error(failure)) : resolve(new Map(keys.filter(Boolean).map((key) => [key, key.length])))
        questions.push({ keys, answer })
      }),
    {
      most: 3,
      failsAll: (cause) => (cause as Error).message === 'away',
      isOfOne: (cause) => (cause as Error).message === 'bad',
    },
  )
  return { ask, questions }
}

test('who asks while a question is out waits for the next, which is one for all of them', async () => {
  const { ask, questions } = library()
  const first = ask('a')
  const others = ['bb', 'ccc', 'bb', '', 'dddd'].map(ask)
  expect(questions.map(({ keys }) => keys)).toEqual([['a']])
  questions[0]?.answer()
  expect(await first).toBe(1)
  await expect.poll(() => questions[1]?.keys).toEqual(['bb', 'ccc', ''])
  questions[1]?.answer()
  await expect.poll(() => questions[2]?.keys).toEqual(['dddd'])
  questions[2]?.answer()
  expect(await Promise.all(others)).toEqual([2, 3, 2, undefined, 4])
})

test('a question that fails has failed for those in it alone', async () => {
  const { ask, questions } = library()
  const failing = expect(ask('a')).rejects.toThrow('closed')
  const next = ask('bb')
  questions[0]?.answer('closed')
  await failing
  await expect.poll(() => questions.length).toBe(2)
  questions[1]?.answer()
  expect(await next).toBe(2)
})

test('a failure that all would meet ends the wait of all', async () => {
  const { ask, questions } = library()
  const asking = ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff'].map(async (key) => await ask(key).catch(String))
  questions[0]?.answer('away')
  expect(new Set(await Promise.all(asking))).toEqual(new Set(['Error: away']))
  expect(questions).toHaveLength(1)
  const next = ask('a')
  questions[1]?.answer()
  expect(await next).toBe(1)
})

test('where one key of several is to blame each is asked by itself, and only that one hears of it', async () => {
  const { ask, questions } = library()
  const first = ask('a')
  const good = ask('bb')
  const bad = expect(ask('ccc')).rejects.toThrow('bad')
  questions[0]?.answer()
  await first
  await expect.poll(() => questions[1]?.keys).toEqual(['bb', 'ccc'])
  questions[1]?.answer('bad')
  await expect.poll(() => questions[2]?.keys).toEqual(['bb'])
  questions[2]?.answer()
  expect(await good).toBe(2)
  await expect.poll(() => questions[3]?.keys).toEqual(['ccc'])
  questions[3]?.answer('bad')
  await bad
})
