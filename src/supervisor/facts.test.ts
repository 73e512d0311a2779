import { expect, test } from 'vitest'
import { Facts } from './facts.ts'
import type { Fact } from './messages.ts'

const later = Date.now() + 60_000
const fact = (topic: string, key: string, more: Partial<Fact> = {}): Fact => {
  return { topic, key, value: key, expiresAt: later, ...more }
}
const keysOf = (facts: Facts) => facts.current().map(({ topic, key }) => `${topic} ${key}`)

test('a later fact of the same key replaces the earlier one; what has expired is not told', () => {
  const facts = new Facts()
  facts.learn(fact('a', '1', { value: 'first' }))
  facts.learn(fact('a', '1', { value: 'second' }))
  facts.learn(fact('a', '2', { expiresAt: Date.now() - 1 }))
  expect(facts.current().map(({ value }) => value)).toEqual(['second'])
})

test('a flood makes only the oldest of its own topic go', () => {
  const facts = new Facts(8)
  facts.learn(fact('quiet', '1'))
  for (let n = 0; n < 100; n++) facts.learn(fact('flood', String(n)))
  const keys = keysOf(facts)
  expect(keys).toContain('quiet 1')
  expect(keys).toContain('flood 99')
  expect(keys).not.toContain('flood 0')
  expect(keys.length).toBeLessThanOrEqual(9)
})

test("what is said once is not remembered, and takes nobody's room", () => {
  const facts = new Facts(2)
  facts.learn(fact('a', 'ended'))
  for (let n = 0; n < 100; n++) facts.learn(fact('a', `cancelled ${n}`, { once: true }))
  expect(keysOf(facts)).toEqual(['a ended'])
})
