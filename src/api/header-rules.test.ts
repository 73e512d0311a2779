import { expect, test } from 'vitest'
import { keepForClients } from '#/lib/kept-headers.ts'
import { upstreamUrl } from './upstream-url.ts'
import { checkUpstreamHeader, passthroughNames } from './header-rules.ts'

test('names are lower case and there once', () => {
  expect(passthroughNames(['X-Tenant', ' x-tenant ', 'Accept-Language'])).toEqual(['x-tenant', 'accept-language'])
})

test.each([
  'Connection',
  'TE',
  'Transfer-Encoding',
  'Host',
  'Content-Length',
  'Authorization',
  'Cookie',
  'Origin',
  'Mcp-Session-Id',
  'mcp-anything',
  'X-Forwarded-For',
  'Forwarded',
  'X-Real-IP',
  'X-Causeway-Proxy-Secret',
  'X-Upstream-Authorization',
  'traceparent',
  'a b',
  'a:b',
  '',
  'é',
])('%s is never passed through', (name) => {
  expect(() => passthroughNames([name])).toThrow(
    expect.objectContaining({ code: 'invalid_field', field: 'passthroughHeaders' }),
  )
})

test.each(['X-Forwarded-For', 'forwarded', 'X-REAL-IP', 'X-Causeway-Proxy-Secret', 'Host', 'Mcp-Name'])(
  '%s is no header that an operator sets',
  (name) => {
    expect(() => checkUpstreamHeader(name, 'x', 'headers')).toThrow(
      expect.objectContaining({ code: 'invalid_field', field: 'headers' }),
    )
  },
)

test('nor is the one in which a proxy names the user', () => {
  expect(() => checkUpstreamHeader('X-Rules-User', 'x', 'headers')).not.toThrow()
  keepForClients('X-Rules-User')
  expect(() => checkUpstreamHeader('X-RULES-user', 'x', 'headers')).toThrow('says who or where a client is')
  expect(() => passthroughNames(['x-rules-user'])).toThrow('says who or where a client is')
})

test.each([
  ['http://h', 'http://h/'],
  ['HTTPS://H:443/mcp?x=1', 'https://h/mcp?x=1'],
  ['http://[::1]:3000/mcp', 'http://[::1]:3000/mcp'],
])('%s is a URL of an upstream', (text, href) => {
  expect(upstreamUrl(text)).toBe(href)
})

test.each([
  '',
  'h/mcp',
  'ftp://h/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http://u@h/',
  'http://u:p@h/',
  'http://h/#f',
  'http://',
])('%s is none', (text) => {
  expect(() => upstreamUrl(text)).toThrow(expect.objectContaining({ code: 'invalid_field', field: 'url' }))
})
