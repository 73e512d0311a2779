import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientsBehind, type TrustedProxies } from './client-address.ts'

const PROXIES: TrustedProxies = {
  peers: ['10.0.0.0/8', '2001:db8:1::/48'],
  addressHeader: 'x-forwarded-for',
  userHeader: 'x-remote-user',
  secret: 'only-the-proxy-knows',
}
const clients = clientsBehind(PROXIES)
const from = (remoteAddress: string, ...rawHeaders: readonly string[]) => ({ socket: { remoteAddress }, rawHeaders })
const SECRET = ['X-Causeway-Proxy-Secret', 'only-the-proxy-knows']
const address = (remoteAddress: string, ...rawHeaders: readonly string[]) =>
  clients.of(from(remoteAddress, ...SECRET, ...rawHeaders)).remoteAddress

describe('where a client is', () => {
  test.each<[string, string, readonly string[], string | undefined]>([
    ['a stranger, whatever it says', '203.0.113.9', ['X-Forwarded-For', '198.51.100.1'], '203.0.113.9'],
    ['behind a proxy that says nothing', '10.0.0.1', [], undefined],
    ['behind a proxy', '10.0.0.1', ['X-Forwarded-For', '203.0.113.9'], '203.0.113.9'],
    ['behind a proxy that is seen through IPv6', '::ffff:10.0.0.1', ['X-Forwarded-For', '203.0.113.9'], '203.0.113.9'],
    ['in any case', '10.0.0.1', ['x-fOrWaRdEd-fOr', '203.0.113.9'], '203.0.113.9'],
    ['behind two', '10.0.0.1', ['X-Forwarded-For', '203.0.113.9, 10.0.0.2'], '203.0.113.9'],
    [
      'behind two, in two headers',
      '10.0.0.1',
      ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-For', '10.0.0.2'],
      '203.0.113.9',
    ],
    ['who made up where it is', '10.0.0.1', ['X-Forwarded-For', '198.51.100.1, 203.0.113.9'], '203.0.113.9'],
    ['who made up a proxy', '10.0.0.1', ['X-Forwarded-For', '198.51.100.1, 10.9.9.9, 203.0.113.9'], '203.0.113.9'],
    [
      'who sent a header of its own',
      '10.0.0.1',
      ['X-Forwarded-For', '198.51.100.1', 'X-Forwarded-For', '203.0.113.9'],
      '203.0.113.9',
    ],
    ['inside', '10.0.0.1', ['X-Forwarded-For', '10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['behind something unknown', '10.0.0.1', ['X-Forwarded-For', '203.0.113.9, unknown, 10.0.0.2'], undefined],
    ['nowhere', '10.0.0.1', ['X-Forwarded-For', 'unknown'], undefined],
    ['with a port', '10.0.0.1', ['X-Forwarded-For', '203.0.113.9:5050'], '203.0.113.9'],
    ['IPv6', '2001:db8:1::1', ['X-Forwarded-For', '2001:db8:9::1'], '2001:db8:9::1'],
    ['IPv6 with a port', '10.0.0.1', ['X-Forwarded-For', '[2001:db8:9::1]:5050'], '2001:db8:9::1'],
    ['the other header has no say', '10.0.0.1', ['Forwarded', 'for=203.0.113.9'], undefined],
    ['an empty one', '10.0.0.1', ['X-Forwarded-For', ''], undefined],
    ['behind nothing', '10.0.0.1', ['X-Forwarded-For', '203.0.113.9,'], undefined],
    ['another spelling', '10.0.0.1', ['X-Forwarded-For', '0xcb007109'], undefined],
  ])('%s', (_, peer, headers, expected) => {
    expect(address(peer, ...headers)).toBe(expected)
  })

  test.each<[string, string | undefined]>([
    ['for=203.0.113.9', '203.0.113.9'],
    ['FOR="203.0.113.9:80";proto=https;by=10.0.0.1', '203.0.113.9'],
    ['for="[2001:db8:9::1]:80"', '2001:db8:9::1'],
    ['for=198.51.100.1, for=203.0.113.9, for=10.0.0.2', '203.0.113.9'],
    ['for="198.51.100.1, for=1.2.3.4", for=203.0.113.9', '203.0.113.9'],
    ['for=_hidden', undefined],
    ['for=unknown, for=10.0.0.2', undefined],
    ['for=203.0.113.9;for=198.51.100.1', undefined],
    ['proto=https', undefined],
    ['for="', undefined],
    ['for="evil, for="[2001:db8:9::1]"', '2001:db8:9::1'],
    ['for="evil\\", for=203.0.113.9', '203.0.113.9'],
  ])('Forwarded: %s', (value, expected) => {
    const other = clientsBehind({ ...PROXIES, addressHeader: 'forwarded' })
    expect(other.of(from('10.0.0.1', ...SECRET, 'Forwarded', value)).remoteAddress).toBe(expected)
  })

  test('nothing that a client writes changes where its proxy saw it', () => {
    const written = fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom(',', ' ', '10.0.0.7', '"')))
    fc.assert(
      fc.property(written, fc.boolean(), (made, apart) => {
        const forged = made.join(',').replaceAll(/[\r\n]/g, '')
        const headers = apart
          ? ['X-Forwarded-For', forged, 'x-forwarded-for', '203.0.113.9']
          : ['X-Forwarded-For', `${forged}, 203.0.113.9`]
        expect(address('10.0.0.1', ...headers)).toBe('203.0.113.9')
      }),
    )
  })

  test.each<[string, readonly string[]]>([
    ['without the secret', []],
    ['with another', ['X-Causeway-Proxy-Secret', 'only-the-proxy-guesses']],
    ['with a guess beside it', ['X-Causeway-Proxy-Secret', 'guess', ...SECRET]],
  ])('what comes from the proxy’s address %s is from nowhere', (_, said) => {
    const of = (socket: string) => clients.of(from(socket, ...said, 'X-Forwarded-For', '203.0.113.9')).remoteAddress
    expect(of('10.0.0.1')).toBeUndefined()
    expect(of('203.0.113.1')).toBe('203.0.113.1')
  })

  test('where none was set the address is proof enough', () => {
    const open = clientsBehind({ ...PROXIES, secret: null })
    expect(open.of(from('10.0.0.1', 'X-Forwarded-For', '203.0.113.9')).remoteAddress).toBe('203.0.113.9')
  })

  test('a connection’s client is one object while it is the same, so that what is known of it stays', () => {
    const socket = { remoteAddress: '10.0.0.1' }
    const of = (client: string) => clients.of({ socket, rawHeaders: [...SECRET, 'X-Forwarded-For', client] })
    const first = of('203.0.113.9')
    expect(of('203.0.113.9')).toBe(first)
    expect(of('203.0.113.10')).not.toBe(first)
    expect(clientsBehind(null).of({ socket, rawHeaders: ['X-Forwarded-For', '203.0.113.9'] })).toBe(socket)
  })
})

const ANN = ['X-Remote-User', 'ann@example.com']

describe('whom a proxy names', () => {
  test.each<[string, string, readonly string[], readonly string[] | undefined]>([
    ['a proxy', '10.0.0.1', [...ANN, ...SECRET], ['ann@example.com']],
    ['in any case', '10.0.0.1', ['x-REMOTE-user', 'ann@example.com', ...SECRET], ['ann@example.com']],
    ['twice', '10.0.0.1', ['X-Remote-User', 'a@b.c', 'x-remote-user', 'd@e.f', ...SECRET], ['a@b.c', 'd@e.f']],
    ['nobody', '10.0.0.1', SECRET, undefined],
    ['without the secret', '10.0.0.1', ANN, undefined],
    ['with half of it', '10.0.0.1', [...ANN, 'X-Causeway-Proxy-Secret', 'only-the-proxy'], undefined],
    ['with an empty one', '10.0.0.1', [...ANN, 'X-Causeway-Proxy-Secret', ''], undefined],
    ['with a guess beside it', '10.0.0.1', [...ANN, 'X-Causeway-Proxy-Secret', 'guess', ...SECRET], undefined],
    ['a stranger', '203.0.113.9', [...ANN, ...SECRET], undefined],
    [
      'a stranger behind a proxy’s address',
      '203.0.113.9',
      [...ANN, ...SECRET, 'X-Forwarded-For', '10.0.0.1'],
      undefined,
    ],
  ])('%s', (_, peer, headers, expected) => {
    expect(clients.namedIn(from(peer, ...headers))).toEqual(expected)
  })

  test('a name is what its bytes say in UTF-8', () => {
    const named = (bytes: Buffer) =>
      clients.namedIn(from('10.0.0.1', ...SECRET, 'X-Remote-User', bytes.toString('latin1')))
    for (const name of ['zo\u00eb@example.com', '\u{1F600}@example.com', '\u212Aate@example.com', 'plain@example.com'])
      expect(named(Buffer.from(name))).toEqual([name])
    for (const bytes of [[0xeb], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff]])
      expect(() => named(Buffer.from([0x61, ...bytes, 0x40, 0x62]))).toThrow('no UTF-8')
  })

  test('no header counts where none was named', () => {
    const silent = clientsBehind({ ...PROXIES, userHeader: null })
    expect(silent.namedIn(from('10.0.0.1', ...ANN, ...SECRET))).toBeUndefined()
  })

  test('without a secret nobody is named', () => {
    const open = clientsBehind({ ...PROXIES, secret: null })
    expect(open.namedIn(from('10.0.0.1', ...ANN))).toBeUndefined()
    expect(open.namedIn(from('10.0.0.1', ...ANN, 'X-Causeway-Proxy-Secret', ''))).toBeUndefined()
  })
})
