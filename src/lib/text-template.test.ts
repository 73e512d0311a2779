import { expect, test } from 'vitest'
import { fillIn, placesOf, unreadable } from './text-template.ts'

test('each name once, in order', () => {
  expect(placesOf('{{ a }} and {{b}} and {{a}}')).toEqual(['a', 'b'])
})

test.each([
  ['plain', null],
  ['{{ a }} { b } }}', null],
  ['{% if a %}x', '{% if a %}x'],
  ['{# note #}', '{# note #}'],
  ['{{ a | upper }}', '{{ a | upper }}'],
  ['{{ a.b }}', '{{ a.b }}'],
])('%s', (text, why) => {
  expect(unreadable(text)).toBe(why)
})

test('what is filled in is not read again, and what has no value stays', () => {
  const values = new Map([
    ['a', '{{ b }}'],
    ['b', '$&'],
  ])
  expect(fillIn('{{a}}-{{ b }}-{{ c }}', values)).toBe('{{ b }}-$&-{{ c }}')
})
