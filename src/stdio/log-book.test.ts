import { expect, test } from 'vitest'
import { LogBook } from './log-book.ts'

test('the last lines are kept, bounded in number and size', () => {
  const log = new LogBook()
  for (let n = 0; n < 5000; n++) log.write('stderr', 1, `line ${n}`)
  expect(log.tail(2).map(({ text }) => text)).toEqual(['line 4998', 'line 4999'])
  expect(log.tail(0)).toEqual([])
  expect(log.tail(10_000)).toHaveLength(1000)
  for (let n = 0; n < 100; n++) log.write('stderr', 1, 'y'.repeat(100_000))
  const kept = log.tail(1000)
  expect(kept.length).toBeLessThan(40)
  expect(Math.max(...kept.map(({ text }) => text.length))).toBeLessThan(4200)
})

test('secrets that it was given are not shown, whoever writes them', () => {
  const log = new LogBook()
  log.conceal(['sekret-value-1', 'sekret-value-1-and-more', 'on'])
  log.write('stderr', 1, 'with sekret-value-1 and sekret-value-1-and-more, on')
  expect(log.tail(1)[0]?.text).toBe('with ***** and *****, on')
})

test('followers hear every line until they leave', () => {
  const log = new LogBook()
  const heard: string[] = []
  const following = log.follow(({ text }) => heard.push(text))
  log.write('host', null, 'a')
  following[Symbol.dispose]()
  log.write('host', null, 'b')
  expect(heard).toEqual(['a'])
})
