import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignNames, NAME_MAX } from './names.ts'

const FORM = /^[A-Za-z0-9_.-]{1,64}$/
const nothing: ReadonlySet<string> = new Set()
const named = (gatewayName: string, ...customNames: readonly string[]) =>
  customNames.map((customName) => ({ gatewayName, customName }))

test('the gateway and the tool, as slugs', () => {
  expect(assignNames(named('Fast Time_Srv', 'get_system_time', 'Convert'), nothing)).toEqual([
    'fast-time-srv-get-system-time',
    'fast-time-srv-convert',
  ])
})

test('of two that collide the later one is marked; a name that is taken stays with its owner', () => {
  const [first, second] = assignNames(named('g', 'get_user', 'get-user'), nothing)
  expect(first).toBe('g-get-user')
  expect(second).toMatch(/^g-get-user-[0-9a-f]{6}$/)
  expect(assignNames(named('g', 'get-user'), new Set(['g-get-user']))).toEqual([second])
  const [third] = assignNames(named('g', 'get-user'), new Set(['g-get-user', String(second)]))
  expect(third).toMatch(/^g-get-user-[0-9a-f]{6}$/)
  expect(third).not.toBe(second)
})

test('a long name is cut and marked, so that two with one beginning differ', () => {
  const long = 'x'.repeat(80)
  const [one, two] = assignNames(named('g', `${long}1`, `${long}2`), nothing)
  expect(one).toMatch(/^g-x{55}-[0-9a-f]{6}$/)
  expect(one).not.toBe(two)
  expect(assignNames(named('g', 'y'.repeat(NAME_MAX - 2)), nothing)).toEqual([`g-${'y'.repeat(NAME_MAX - 2)}`])
})

test('whatever the names are: in form, different, and the same again for the same', () => {
  const names = fc.array(fc.oneof(fc.string(), fc.constantFrom('a_b', 'a-b', 'A b', '日本', '')), { maxLength: 20 })
  fc.assert(
    fc.property(fc.string(), names, names, (gateway, before, after) => {
      const taken = assignNames(named(gateway, ...before), nothing)
      const more = assignNames(named(gateway, ...after), new Set(taken))
      const all = [...taken, ...more]
      expect(all.every((name) => FORM.test(name))).toBe(true)
      expect(new Set(all).size).toBe(all.length)
      expect(assignNames(named(gateway, ...before), nothing)).toEqual(taken)
    }),
  )
})
