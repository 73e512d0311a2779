import { request, type ClientRequest } from 'node:http'
import { expect, test, vi } from 'vitest'
import { Admission } from '#/http/admission.ts'
import { restHarness } from './harness.ts'

const LIMITS = { calls: 3, callsPerPrincipal: 2, bodyBytes: 20_000 }

/** A request whose body does not end until it is told to. */
function unfinished(url: string, headers: Record<string, string> = {}, first = '{"name":'): ClientRequest {
  const sent = request(`${url}/gateways`, {
    method: 'POST',
    headers: { authorization: 'Bearer admin', 'content-type': 'application/json', ...headers },
  })
  sent.on('error', () => {})
  sent.write(first)
  return sent
}

test('whoever has taken all places is told when to come back; others and public routes are not held up', async () => {
  const admission = new Admission(LIMITS)
  await using rest = await restHarness({ admission })
  const slow = [unfinished(rest.url), unfinished(rest.url)]
  await vi.waitFor(() => expect(admission.inFlight).toBe(2))
  const refused = await rest.ask('GET', '/tools')
  expect([refused.status, refused.headers.get('retry-after'), refused.body.code]).toEqual([429, '1', 'overloaded'])
  expect(refused.body.request_id).toBe(refused.headers.get('x-request-id'))
  expect((await rest.ask('GET', '/tools', { token: 'reader' })).status).toBe(200)
  expect((await rest.ask('GET', '/openapi.json', { token: null })).status).toBe(200)
  for (const each of slow) each.destroy()
  await vi.waitFor(() => expect(admission.inFlight).toBe(0))
  expect((await rest.ask('GET', '/tools')).status).toBe(200)
  await vi.waitFor(() => expect(admission.inFlight).toBe(0))
})

test('bodies take the bytes that they announce, or that come; both are given back', async () => {
  const admission = new Admission(LIMITS)
  await using rest = await restHarness({ admission })
  const statusOf = (sent: ClientRequest) =>
    new Promise((resolve) => sent.on('response', (answer) => resolve(answer.statusCode)))
  const announced = unfinished(rest.url, { 'content-length': '15000' })
  await vi.waitFor(() => expect(admission.inFlight).toBe(1))
  expect(await statusOf(unfinished(rest.url, { 'content-length': '15000' }))).toBe(429)
  expect(await statusOf(unfinished(rest.url, {}, 'x'.repeat(15_000)))).toBe(429)
  announced.destroy()
  await vi.waitFor(() => expect(admission.inFlight).toBe(0))
  const whole = { body: { name: 'x'.repeat(15_000), url: 'http://127.0.0.1:9/' } }
  for (let n = 0; n < 3; n++) expect((await rest.ask('POST', '/gateways', whole)).status).toBe(422)
})
