import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { requestGuard, type GuardOptions } from './request-guard.ts'

type Head = readonly (readonly [string, string])[]

/** What the guard said of a head: 'ok' or the code of its refusal. */
function verdict(head: Head, options: GuardOptions & { readonly url?: string }): string {
  const headers = Object.fromEntries(head.map(([name, value]) => [name.toLowerCase(), value]))
  const request = { url: options.url ?? '/mcp', headers, rawHeaders: head.flat() } as unknown as IncomingMessage
  try {
    requestGuard(options)(request)
    return 'ok'
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

const LOCAL = { publicUrl: null, corsOrigins: [] }
const PUBLIC = { publicUrl: 'https://tools.example.com', corsOrigins: ['https://app.example.com'] }

const TABLE: readonly (readonly [string, Head, GuardOptions & { readonly url?: string }, string])[] = [
  ['localhost', [['Host', 'localhost:4444']], LOCAL, 'ok'],
  ['an IPv4 loopback', [['Host', '127.0.0.1:4444']], LOCAL, 'ok'],
  ['an IPv6 loopback', [['Host', '[::1]:4444']], LOCAL, 'ok'],
  ['no Host', [], LOCAL, 'forbidden_host'],
  ['a rebound name', [['Host', 'evil.example']], LOCAL, 'forbidden_host'],
  ['a name that begins like ours', [['Host', 'localhost.evil.example']], LOCAL, 'forbidden_host'],
  ['the public name', [['Host', 'tools.example.com']], PUBLIC, 'ok'],
  ['the public name in capitals', [['Host', 'TOOLS.example.com']], PUBLIC, 'ok'],
  ['another name beside the public one', [['Host', 'example.com']], PUBLIC, 'forbidden_host'],
  [
    'a foreign Origin',
    [
      ['Host', 'localhost'],
      ['Origin', 'https://evil.example'],
    ],
    LOCAL,
    'forbidden_host',
  ],
  [
    'the Origin null',
    [
      ['Host', 'localhost'],
      ['Origin', 'null'],
    ],
    LOCAL,
    'forbidden_host',
  ],
  [
    'a local Origin',
    [
      ['Host', 'localhost'],
      ['Origin', 'http://localhost:5173'],
    ],
    LOCAL,
    'ok',
  ],
  [
    'a local Origin at a public gateway',
    [
      ['Host', 'tools.example.com'],
      ['Origin', 'http://localhost'],
    ],
    PUBLIC,
    'forbidden_host',
  ],
  [
    'our own Origin',
    [
      ['Host', 'tools.example.com'],
      ['Origin', 'https://tools.example.com'],
    ],
    PUBLIC,
    'ok',
  ],
  [
    'an Origin that may call',
    [
      ['Host', 'tools.example.com'],
      ['Origin', 'https://app.example.com'],
    ],
    PUBLIC,
    'ok',
  ],
  [
    'a neighbour of one that may call',
    [
      ['Host', 'tools.example.com'],
      ['Origin', 'https://app.example.com:8443'],
    ],
    PUBLIC,
    'forbidden_host',
  ],
  [
    'two Hosts',
    [
      ['Host', 'localhost'],
      ['host', 'localhost'],
    ],
    LOCAL,
    'invalid_request',
  ],
  [
    'two Authorizations',
    [
      ['Host', 'localhost'],
      ['Authorization', 'a'],
      ['AUTHORIZATION', 'b'],
    ],
    LOCAL,
    'invalid_request',
  ],
  [
    'two of what may repeat',
    [
      ['Host', 'localhost'],
      ['Accept', 'a'],
      ['Accept', 'b'],
    ],
    LOCAL,
    'ok',
  ],
  ['an absolute target', [['Host', 'localhost']], { ...LOCAL, url: 'http://localhost/mcp' }, 'invalid_request'],
]

for (const [name, head, options, expected] of TABLE) {
  test(`${name}: ${expected}`, () => expect(verdict(head, options)).toBe(expected))
}
