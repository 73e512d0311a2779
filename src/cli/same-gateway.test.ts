import { expect, test } from 'vitest'
import { isSameGateway, requireSameGateway } from './same-gateway.ts'

test.each<[string, string, boolean]>([
  ['https://mcp.example.com', 'https://mcp.example.com/auth/sso/login', true],
  ['https://mcp.example.com', 'https://MCP.example.com:443/auth/sso/login', true],
  ['http://127.0.0.1:4444', 'http://localhost:4444/auth/sso/login', true],
  ['http://localhost:4444', 'http://[::1]:4444/auth/sso/login', true],
  ['http://127.0.0.1:4444', 'http://localhost:4445/auth/sso/login', false],
  ['http://127.0.0.1:4444', 'https://localhost:4444/auth/sso/login', false],
  ['http://127.0.0.1:4444', 'http://127.0.0.2:4444/auth/sso/login', false],
  ['http://127.0.0.1:4444', 'https://mcp.example.com/auth/sso/login', false],
  ['https://evil.example.com', 'https://mcp.example.com/auth/sso/login', false],
  ['https://mcp.example.com', 'http://mcp.example.com/auth/sso/login', false],
  ['https://mcp.example.com', 'https://mcp.example.com.evil.org/auth/sso/login', false],
  ['https://mcp.example.com', 'https://mcp.example.com@evil.org/auth/sso/login', false],
  ['https://mcp.example.com', '/auth/sso/login', false],
  ['https://mcp.example.com', '', false],
])('%s and %s are one gateway: %s', (one, other, expected) => {
  expect(isSameGateway(one, other)).toBe(expected)
})

test('a gateway that sends browsers elsewhere is refused, with what to do where that is meant', () => {
  const refused = (at: string) => () => requireSameGateway('http://127.0.0.1:4444', at)
  expect(refused('https://mcp.example.com/auth/sso/login')).toThrow(
    'CAUSEWAY_URL=https://mcp.example.com causeway login --sso',
  )
  expect(refused('javascript:alert(1)')).toThrow('is no URL')
  expect(refused('http://localhost:4444/auth/sso/login')).not.toThrow()
})
