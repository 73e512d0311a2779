import { expect, test } from 'vitest'
import { parseHosts, parseSearch } from './hosts-file.ts'

test('hosts: aliases, comments, both families, no case', () => {
  const hosts = parseHosts(
    '127.0.0.1 localhost Box # me\n::1\tbox\n\nnonsense here\n10.0.0.9   db db.internal\n10.0.0.9 db\n',
  )
  expect(hosts.get('box')).toEqual(['127.0.0.1', '::1'])
  expect(hosts.get('db')).toEqual(['10.0.0.9'])
  expect(hosts.get('here')).toBeUndefined()
})

test('resolv.conf: the last search line and ndots', () => {
  expect(parseSearch('domain old\nnameserver 10.0.0.1\nsearch a.svc b.svc .\noptions timeout:1 ndots:5\n')).toEqual({
    domains: ['a.svc', 'b.svc'],
    ndots: 5,
  })
  expect(parseSearch('')).toEqual({ domains: [], ndots: 1 })
})
