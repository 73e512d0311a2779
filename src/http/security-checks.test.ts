import { expect, test } from 'vitest'
import type { Snapshot } from '#/catalog/snapshot.ts'
import { assess, CHECKS } from './security-checks.ts'
import { catalogFacts, type SecurityFacts, type SecuritySettings } from './security-facts.ts'

const SETTINGS: SecuritySettings = {
  host: null,
  publicUrl: null,
  corsOrigins: [],
  allowsPrivateNetworks: true,
  registration: false,
  provider: null,
  proxy: null,
}
const SAFE: SecurityFacts = {
  settings: SETTINGS,
  keyRing: 1,
  administratorsToChoose: 0,
  audit: 'followed',
  catalog: { lastingTokens: 0, open: [], inTheClear: 0 },
}
const PROVIDER = { issuer: 'https://id.example.com', domains: null, makesUsers: false, trustsAddresses: false }
const settings = (said: Partial<SecuritySettings>): SecurityFacts => ({ ...SAFE, settings: { ...SETTINGS, ...said } })
const catalog = (said: Partial<SecurityFacts['catalog']>): SecurityFacts => ({
  ...SAFE,
  catalog: { ...SAFE.catalog, ...said },
})
const warned = (facts: SecurityFacts): readonly string[] =>
  assess(facts)
    .findings.filter(({ level }) => level === 'warning')
    .map(({ check, advice = '' }) => (advice === '' ? `${check} without advice` : check))

test.each<[string, SecurityFacts]>([
  ['as it comes', SAFE],
  [
    'behind a proxy with TLS',
    settings({ host: '0.0.0.0', publicUrl: 'https://gw.example.com', allowsPrivateNetworks: false }),
  ],
  ['with pages elsewhere', settings({ corsOrigins: ['https://app.example.com', 'http://localhost:5173'] })],
  [
    'with a provider whose domains are named',
    settings({ provider: { ...PROVIDER, domains: ['example.com'], makesUsers: true } }),
  ],
  ['with a proxy that is named', settings({ proxy: { peers: ['10.1.2.3', 'fd00::/48'], isSecret: false } })],
  ['with a proxy that says its secret', settings({ proxy: { peers: ['10.0.0.0/8'], isSecret: true } })],
])('nothing is to be done: %s', (_, facts) => expect([warned(facts), assess(facts).score]).toEqual([[], 100]))

test.each<[SecurityFacts, readonly string[]]>([
  [{ ...SAFE, keyRing: 'keys.json is open to others' }, ['keys']],
  [
    settings({ host: '0.0.0.0', publicUrl: 'http://gw.example.com', allowsPrivateNetworks: false }),
    ['transport', 'cookies'],
  ],
  [settings({ host: '0.0.0.0', publicUrl: 'http://localhost:4444' }), ['transport', 'networks']],
  [settings({ registration: true }), ['registration']],
  [settings({ provider: { ...PROVIDER, makesUsers: true } }), ['provider']],
  [settings({ provider: { ...PROVIDER, trustsAddresses: true } }), ['provider']],
  [settings({ proxy: { peers: ['10.0.0.0/8'], isSecret: false } }), ['proxy']],
  [settings({ proxy: { peers: ['fd00::/8'], isSecret: false } }), ['proxy']],
  [settings({ corsOrigins: ['http://app.example.com'] }), ['cors']],
  [{ ...SAFE, administratorsToChoose: 2 }, ['passwords']],
  [{ ...SAFE, audit: 'unsealed' }, ['audit']],
  [{ ...SAFE, audit: 'unknown' }, ['audit']],
  [{ ...SAFE, audit: 'replaced' }, ['audit']],
  [catalog({ lastingTokens: 1 }), ['tokens']],
  [catalog({ open: ['a', 'b', 'c', 'd'] }), ['gateways']],
  [catalog({ inTheClear: 1 }), ['credentials']],
])('what is to be done is said, and costs its weight: %#', (facts, checks) => {
  expect(warned(facts)).toEqual(checks)
  const weights = Object.entries(CHECKS).map(([name, { weight }]): [string, number] => [name, weight])
  const sum = (names: readonly string[]): number =>
    weights.reduce((total, [name, weight]) => total + (names.includes(name) ? weight : 0), 0)
  const all = sum(Object.keys(CHECKS))
  expect(assess(facts).score).toBe(Math.round((100 * (all - sum(checks))) / all))
})

test('of many names some are said', () => {
  const { findings } = assess(catalog({ open: ['a', 'b', 'c', 'd', 'e'] }))
  expect(findings.find(({ check }) => check === 'gateways')?.message).toContain('a, b, c and 2 more ask for no')
})

test('the catalog tells of tokens without an end, of open servers and of credentials in the clear', async () => {
  const server = { enabled: true, visibility: 'public', credential: null, clientCert: null }
  const gateways = [
    { ...server, name: 'open', url: 'https://a.example.com/mcp' },
    { ...server, name: 'team', url: 'https://a.example.com/mcp', visibility: 'team' },
    { ...server, name: 'off', url: 'https://a.example.com/mcp', enabled: false },
    { ...server, name: 'here', url: 'http://127.0.0.1:9/mcp' },
    { ...server, name: 'command', url: null },
    { ...server, name: 'mutual', url: 'https://a.example.com/mcp', clientCert: 'PEM' },
    { ...server, name: 'clear', url: 'http://b.example.com/mcp', credential: 'sealed' },
    { ...server, name: 'closed', url: 'https://b.example.com/mcp', credential: 'sealed' },
  ]
  const tokens = [
    { hash: 'own', expiresAt: null },
    { hash: 'a', expiresAt: null },
    { hash: 'b', expiresAt: 1 },
  ]
  const snapshot = { tokens: () => tokens, gateways: () => gateways } as unknown as Snapshot
  expect(await catalogFacts(snapshot, 'own')).toEqual({ lastingTokens: 1, open: ['open'], inTheClear: 1 })
})
