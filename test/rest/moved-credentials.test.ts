import { afterAll, beforeAll, expect, test } from 'vitest'
import { restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())

const HERE = 'http://127.0.0.1:7/mcp'
const THERE = 'http://127.0.0.1:8/mcp'
const SECRET = 's3cr3t-token'

/** Who may change a gateway or tool but does not know its credential must not get it sent to an address of their own. */
test('a gateway that moves to another host does not take its credential along', async () => {
  const body = { name: 'moving', url: HERE, authType: 'bearer', authToken: SECRET }
  const { id } = (await rest.ask('POST', '/gateways', { body })).body
  const change = async (to: object) => await rest.ask('PUT', `/gateways/${id}`, { body: to })
  for (const to of [{ url: THERE }, { url: THERE, authToken: '*****' }, { url: THERE, authType: 'bearer' }]) {
    const refused = await change(to)
    expect([refused.status, refused.body.code]).toEqual([422, 'invalid_field'])
    expect(refused.body.detail).toMatch(/another host|authToken/)
  }
  expect(rest.upstream.seen.filter(({ url }) => url === THERE)).toEqual([])
  expect((await change({ url: `${HERE}2` })).status).toBe(200)
  expect((await change({ url: THERE, authType: 'none' })).status).toBe(200)
  expect((await change({ url: HERE, authType: 'bearer', authToken: 'another' })).status).toBe(200)
  expect(JSON.stringify(rest.upstream.seen.filter(({ url }) => url === THERE))).not.toContain(SECRET)
})

test('a tool that moves to another host does not take its headers and credential along', async () => {
  const auth = { authType: 'bearer', authToken: SECRET }
  const body = { name: 'moving', url: 'http://127.0.0.1:7/x', headers: { 'x-key': SECRET }, ...auth }
  const { id } = (await rest.ask('POST', '/tools', { body })).body
  const change = async (to: object) => await rest.ask('PUT', `/tools/${id}`, { body: to })
  const url = 'http://127.0.0.1:8/x'
  const bearer = { authType: 'bearer', authToken: 'another' }
  const refused: readonly [object, string][] = [
    [{ url }, 'headers'],
    [{ url, headers: { 'x-key': '*****' } }, 'headers'],
    [{ url, headers: null }, 'authType'],
    [{ url, ...bearer }, 'headers'],
  ]
  for (const [to, field] of refused) {
    const answer = await change(to)
    expect([answer.status, answer.body.field]).toEqual([422, field])
  }
  expect((await change({ url: 'http://127.0.0.1:7/y' })).status).toBe(200)
  expect((await change({ url, headers: { 'x-key': 'other' }, ...bearer })).status).toBe(200)
})
