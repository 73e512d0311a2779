import { expect, test } from 'vitest'
import { keepForClients } from '#/lib/kept-headers.ts'
import { field } from './http1-write.ts'
import { mayPass } from './write-http.ts'

test.each<[string, boolean]>([
  ['x-tenant', true],
  ['accept-language', true],
  ['mcp-param-region', true],
  ['mcp-session-id', false],
  ['authorization', false],
  ['host', false],
  ['x-request-id', false],
  ['x-forwarded-for', false],
  ['forwarded', false],
  ['x-real-ip', false],
  ['x-causeway-proxy-secret', false],
])('a client’s %s goes on: %s', (name, goesOn) => {
  expect(mayPass(name)).toBe(goesOn)
})

test('what names the user here goes nowhere, whoever sends it', () => {
  expect([mayPass('x-my-user'), field('X-My-User', 'ann')]).toEqual([true, 'X-My-User: ann\r\n'])
  keepForClients('X-My-User')
  expect(mayPass('x-my-user')).toBe(false)
  expect(() => field('X-MY-user', 'ann')).toThrow('says who or where a client is')
})
