import { expect, test } from 'vitest'
import { doorOf } from './door.ts'

const ID = '0123456789abcdef0123456789abcdef'

const DOORS: readonly (readonly [string, unknown])[] = [
  ['/mcp', { kind: 'mcp', scope: { kind: 'all' } }],
  ['/mcp/', { kind: 'mcp', scope: { kind: 'all' } }],
  ['/mcp?x=1', { kind: 'mcp', scope: { kind: 'all' } }],
  [`/servers/${ID}/mcp`, { kind: 'mcp', scope: { kind: 'server', id: ID } }],
  [`/gateways/${ID}/mcp/`, { kind: 'mcp', scope: { kind: 'gateway', id: ID } }],
  [`/gateways/${ID.toUpperCase()}/mcp`, { kind: 'rest' }],
  ['/gateways/x/mcp', { kind: 'rest' }],
  ['/servers/../mcp', { kind: 'rest' }],
  ['/rpc', { kind: 'rpc' }],
  ['/initialize', { kind: 'shell', shell: 'initialize' }],
  ['/notifications/', { kind: 'shell', shell: 'notifications' }],
  ['/protocol/ping', { kind: 'shell', shell: 'ping' }],
  ['/v1/protocol/completion/complete', { kind: 'shell', shell: 'completion/complete' }],
  ['/ping', { kind: 'rest' }],
  ['/v1/initialize', { kind: 'rest' }],
  ['/protocol/tools/list', { kind: 'rest' }],
  ['/health', { kind: 'health' }],
  ['/ready', { kind: 'ready' }],
  ['/metrics', { kind: 'metrics' }],
  ['/v1/metrics', { kind: 'rest' }],
  ['/', { kind: 'rest' }],
]

for (const [url, door] of DOORS) test(`${url} → ${JSON.stringify(door)}`, () => expect(doorOf(url)).toEqual(door))
