import { expect, test } from 'vitest'
import { snakeEntity, toCamel, toSnake } from './casing.ts'

test.each([
  ['name', 'name'],
  ['gateway_id', 'gatewayId'],
  ['associated_a2a_agents', 'associatedA2aAgents'],
  ['ca_certificate_sig', 'caCertificateSig'],
])('%s ↔ %s', (snake, camel) => {
  expect(toCamel(snake)).toBe(camel)
  expect(toSnake(camel)).toBe(snake)
})

test('an entity in snake case keeps what lies inside it, and the two names that clients know otherwise', () => {
  expect(snakeEntity({ inputSchema: { aB: 1 }, _meta: null, displayName: 'x', enabled: true })).toEqual({
    input_schema: { aB: 1 },
    meta: null,
    displayName: 'x',
    enabled: true,
  })
})
