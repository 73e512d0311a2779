import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())
beforeEach(async () => {
  await rest.database.sql('DELETE FROM gateways; DELETE FROM idempotency_keys')
  rest.upstream.fail = null
  rest.upstream.seen = []
})

const URL_A = 'http://127.0.0.1:9/mcp'

/** What is wrong, and the status, code and field that say so. */
const BAD: readonly (readonly [string, unknown, number, string, string | undefined])[] = [
  ['no name', { url: URL_A }, 422, 'invalid_field', 'name'],
  ['no url', { name: 'a' }, 422, 'invalid_field', 'url'],
  ['a name with a slash', { name: 'a/b', url: URL_A }, 422, 'invalid_field', 'name'],
  ['a name without a letter', { name: '...', url: URL_A }, 422, 'invalid_field', 'name'],
  ['a wrong type', { name: 7, url: URL_A }, 422, 'invalid_field', 'name'],
  ['not a URL', { name: 'a', url: 'nonsense' }, 422, 'invalid_field', 'url'],
  ['another scheme', { name: 'a', url: 'file:///etc/passwd' }, 422, 'invalid_field', 'url'],
  ['credentials in the URL', { name: 'a', url: 'http://u:p@127.0.0.1/' }, 422, 'invalid_field', 'url'],
  ['a URL too long', { name: 'a', url: `http://h/${'x'.repeat(2048)}` }, 422, 'invalid_field', 'url'],
  ['an unknown auth type', { name: 'a', url: URL_A, authType: 'magic' }, 422, 'invalid_field', 'authType'],
  ['bearer without a token', { name: 'a', url: URL_A, authType: 'bearer' }, 422, 'invalid_field', 'authToken'],
  [
    'a header of ours',
    { name: 'a', url: URL_A, authType: 'authheaders', authHeaders: [{ key: 'Mcp-Session-Id', value: 'x' }] },
    422,
    'invalid_field',
    'authHeaders',
  ],
  [
    'a line break in a secret',
    { name: 'a', url: URL_A, authType: 'bearer', authToken: 'a\r\nx: y' },
    422,
    'invalid_field',
    'authToken',
  ],
  [
    'cookies passed through',
    { name: 'a', url: URL_A, passthroughHeaders: ['Cookie'] },
    422,
    'invalid_field',
    'passthroughHeaders',
  ],
  [
    'hop-by-hop passed through',
    { name: 'a', url: URL_A, passthrough_headers: 'Connection' },
    422,
    'invalid_field',
    'passthroughHeaders',
  ],
  [
    'a certificate that is none',
    { name: 'a', url: URL_A, caCertificate: 'PEM' },
    422,
    'invalid_field',
    'caCertificate',
  ],
  ['two spellings', { name: 'a', url: URL_A, authType: 'bearer', auth_type: 'none' }, 422, 'invalid_field', 'authType'],
  ['a visibility of its own', { name: 'a', url: URL_A, visibility: 'secret' }, 422, 'invalid_field', 'visibility'],
  ['an array', [], 422, 'invalid_field', 'body'],
]

describe('bad input', () => {
  test.each(BAD)('%s', async (_, body, status, code, field) => {
    const before = await rest.counts()
    const answer = await rest.ask('POST', '/gateways', { body })
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([status, code, field])
    expect(answer.body.detail).toEqual(expect.any(String))
    expect(answer.body.message).toBe(answer.body.detail)
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'))
    expect(rest.upstream.seen).toEqual([])
    expect(await rest.counts()).toEqual(before)
  })

  test.each([
    ['upstream_invalid', 'invalid_field'],
    ['forbidden_address', 'forbidden_address'],
  ] as const)('%s is refused and nothing is stored', async (thrown, code) => {
    rest.upstream.fail = new GatewayError(thrown, 'it answers HTML')
    const before = await rest.counts()
    const answer = await rest.ask('POST', '/gateways', {
      body: { name: 'web', url: URL_A },
      headers: { 'idempotency-key': `bad-${thrown}` },
    })
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, code, 'url'])
    expect(await rest.counts()).toEqual(before)
  })

  test.each([
    ['a key twice', '{"name":"a","url":"http://h/","url":"http://other/"}', 400, 'ambiguous'],
    ['a key twice but for case', '{"name":"a","url":"http://h/","URL":"http://other/"}', 400, 'ambiguous'],
    ['half a body', '{"name":', 400, 'malformed'],
    ['too deep', `{"name":"a","url":${'['.repeat(2000)}${']'.repeat(2000)}}`, 400, 'malformed'],
  ])('%s', async (_, raw, status, code) => {
    const answer = await rest.ask('POST', '/gateways', { raw })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await rest.counts())['gateways']).toBe(0)
  })

  test('a body too large, in another type, or in bad UTF-8', async () => {
    const large = await rest.ask('POST', '/gateways', { raw: 'x'.repeat(70_000) })
    expect([large.status, large.body.code]).toEqual([413, 'too_large'])
    const xml = await rest.ask('POST', '/gateways', { raw: '<a/>', headers: { 'content-type': 'text/xml' } })
    expect([xml.status, xml.body.code]).toEqual([415, 'unsupported_media'])
    const latin = await rest.ask('POST', '/gateways', { raw: Buffer.from('{"name":"\xe9"}', 'latin1') })
    expect([latin.status, latin.body.code]).toEqual([400, 'malformed'])
  })
})
