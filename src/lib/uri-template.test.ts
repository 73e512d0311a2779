import { expect, test } from 'vitest'
import { parseUriTemplate } from './uri-template.ts'

test.each([
  ['test://plain', 'test://plain', true],
  ['test://plain', 'test://plain/', false],
  ['test://{id}', 'test://7', true],
  ['test://{id}', 'test://', false],
  ['test://{id}', 'test://a/b', false],
  ['test://{id}', 'test://a%2Fb', true],
  ['test://{id}/data', 'test://7/data', true],
  ['test://{id}/data', 'test://7/data/x', false],
  ['test://{a}{b}', 'test://x', false],
  ['test://{a}{b}', 'test://xy', true],
  ['test://{a}-{b}', 'test://x-y-z', true],
  ['file:///{+path}', 'file:///a/b/c.txt', true],
  ['file:///{+path}', 'file:///', false],
  ['file://{/path*}', 'file:///a/b', true],
  ['repo://{owner}/{repo}/contents{/path*}', 'repo://o/r/contents', true],
  ['repo://{owner}/{repo}/contents{/path*}', 'repo://o/r/contents/a/b', true],
  ['repo://{owner}/{repo}/contents{/path*}', 'repo://o/contents', false],
  ['x:{?q,lang}', 'x:?q=1&lang=en', true],
  ['x:{?q,lang}', 'x:', true],
  ['x:{?q}', 'x:q=1', false],
  ['x:a?b=1{&c}', 'x:a?b=1&c=2', true],
  ['x:a{#frag}', 'x:a#b/c', true],
  ['x:a{.ext}', 'x:a.tar.gz', true],
  ['x:a{;v}', 'x:a;v=1', true],
  ['x:{id:3}', 'x:abc', true],
  ['x:{id}', 'x:{id}', true],
  ['weather://{city}/current', 'weather://Zürich/current', true],
] as const)('%s against %s: %s', (template, uri, matches) => {
  expect(parseUriTemplate(template)?.matches(uri)).toBe(matches)
})

test.each(['x:{', 'x:}', 'x:{}', 'x:{a', 'x:{a b}', 'x:{!a}', 'x:{a}}', `x:${'{a}'.repeat(100)}`])(
  '%s is no template',
  (text) => {
    expect(parseUriTemplate(text)).toBeUndefined()
  },
)

test('the prefix is what every match begins with', () => {
  expect(parseUriTemplate('test://a/{id}/b')?.prefix).toBe('test://a/')
  expect(parseUriTemplate('{+all}')?.prefix).toBe('')
})

test('what makes a backtracking matcher run away takes time in proportion here', () => {
  const template = parseUriTemplate(`x:${'{a}{+b}a'.repeat(20)}!`)
  const began = performance.now()
  expect(template?.matches(`x:${'a'.repeat(8_000)}`)).toBe(false)
  expect(template?.matches(`x:${'a'.repeat(8_000)}!`)).toBe(true)
  expect(template?.matches(`x:${'a'.repeat(9_000)}!`)).toBe(false)
  expect(performance.now() - began).toBeLessThan(250)
})
