import { expect, test } from 'vitest'
import { endpointUrl } from './sse-endpoint.ts'

const STREAM = 'https://host.test:8443/a/sse?key=1'

test.each([
  ['/messages?session=1', 'https://host.test:8443/messages?session=1'],
  ['messages', 'https://host.test:8443/a/messages'],
  ['?session=1', 'https://host.test:8443/a/sse?session=1'],
  ['  https://HOST.test:8443/m#x \n', 'https://host.test:8443/m'],
  ['//host.test:8443/m', 'https://host.test:8443/m'],
])('%s', (said, url) => {
  expect(endpointUrl(said, STREAM)).toBe(url)
})

test.each([
  ['', /no URL/],
  ['https://[', /no URL/],
  ['https://host.test/m', /another origin \(https:\/\/host\.test instead of https:\/\/host\.test:8443\)/],
  ['http://host.test:8443/m', /another origin/],
  ['//evil.test/m', /another origin/],
  ['/\\evil.test/m', /another origin/],
  ['javascript:alert(1)', /another origin/],
  ['https://user:secret@host.test:8443/m', /with credentials/],
])('%s is refused', (said, why) => {
  expect(() => endpointUrl(said, STREAM)).toThrow(why)
  expect(() => endpointUrl(said, STREAM)).not.toThrow(/secret/)
})
