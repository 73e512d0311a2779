import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Frame } from './frame.ts'
import { readFrame } from './read-frame.ts'
import type { Revision } from './revision.ts'
import { writeRequest, type RequestPlan } from './write-request.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const VERSION = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const INFO = 'io.modelcontextprotocol/clientInfo'
const LEVEL = 'io.modelcontextprotocol/logLevel'

function frameOf(text: string): Frame {
  const read = readFrame(Buffer.from(text))
  if (!read.ok) throw new Error(read.detail)
  return read.frame
}

function written(text: string, client: Revision, upstream: Revision, more: Partial<RequestPlan> = {}): string {
  return writeRequest({
    frame: frameOf(text),
    clientRevision: client,
    upstreamRevision: upstream,
    upstreamId: 42,
    progressToken: true,
    capabilities: Buffer.from('{}'),
    clientInfo: Buffer.from('{"name":"gw"}'),
    ...more,
  }).toString()
}

const call = (params: string): string => `{"jsonrpc":"2.0","id":"c","method":"tools/call","params":${params}}`
const sent = (params: string): string => `{"jsonrpc":"2.0","id":42,"method":"tools/call","params":${params}}`
const ENVELOPE = `"${VERSION}":"${M}","${CAPABILITIES}":{},"${INFO}":{"name":"gw"}`
const CLIENT = `"${VERSION}":"${M}","${CAPABILITIES}":{"roots":{}},"${INFO}":{"name":"me"}`

describe('a request on its way', () => {
  test('L→L: only the id and the token change, and the name', () => {
    const odd =
      '{ "arguments" : {"n":9007199254740993,"a":1,"a":2} , "name":"x" ,"_meta":{"progressToken":"t", "é":1}, "more":[ ]}'
    expect(written(call(odd), L, L)).toBe(
      sent(odd.replace('{"progressToken":"t", "é":1}', '{"progressToken":42,"é":1}')),
    )
    const plain = '{ "name" : "x" , "_meta" : { "a" : 1 } }'
    expect(written(call(plain), L, L, { name: 'é"' })).toBe(sent('{ "name" : "é\\"" , "_meta" : { "a" : 1 } }'))
  })

  test('M→L: what is of the modern era stays behind', () => {
    const params = `{"name":"x","_meta":{${CLIENT},"${LEVEL}":"info","traceparent":"00-a","progressToken":1}}`
    expect(written(call(params), M, L)).toBe(sent('{"name":"x","_meta":{"traceparent":"00-a","progressToken":42}}'))
    expect(written(call(`{"_meta":{${CLIENT}}}`), M, L)).toBe(sent('{"_meta":{}}'))
  })

  test('L→M: the envelope is ours', () => {
    expect(written(call('{"name":"x"}'), L, M)).toBe(sent(`{"_meta":{${ENVELOPE}},"name":"x"}`))
    expect(written(call('{}'), L, M, { logLevel: 'info' })).toBe(sent(`{"_meta":{${ENVELOPE},"${LEVEL}":"info"}}`))
    const lying = `{"_meta":{"${VERSION}":"x","a":1,"progressToken":"t"}}`
    expect(written(call(lying), L, M)).toBe(sent(`{"_meta":{"a":1,"progressToken":42,${ENVELOPE}}}`))
  })

  test('a message without an id gets one at its end', () => {
    const open = '{"jsonrpc":"2.0","method":"tools/call","params":'
    expect(written(`${open}{}}`, L, L, { name: 'x' })).toBe(`${open}{"name":"x"},"id":42}`)
    expect(written('{"jsonrpc":"2.0","method":"x"} ', L, L, { name: 'x' })).toBe(
      '{"jsonrpc":"2.0","method":"x","id":42,"params":{"name":"x"}} ',
    )
  })

  test('L→M without params', () => {
    expect(written('{"jsonrpc":"2.0","id":1,"method":"ping" } ', L, M)).toBe(
      `{"jsonrpc":"2.0","id":42,"method":"ping" ,"params":{"_meta":{${ENVELOPE}}}} `,
    )
    expect(written('{"jsonrpc":"2.0","id":1,"method":"ping"}', L, L)).toBe('{"jsonrpc":"2.0","id":42,"method":"ping"}')
  })

  test("M→M: the capabilities are those that we can serve, the rest is the client's", () => {
    const params = `{"_meta":{${CLIENT},"${LEVEL}":"info","x":1},"name":"x"}`
    const expected = `{"_meta":{"${INFO}":{"name":"me"},"${LEVEL}":"info","x":1,"${VERSION}":"${M}","${CAPABILITIES}":{}},"name":"x"}`
    expect(written(call(params), M, M)).toBe(sent(expected))
  })

  test('M→M: a client that does not say who it is', () => {
    const params = `{"_meta":{"${VERSION}":"${M}","${CAPABILITIES}":{}}}`
    expect(JSON.parse(written(call(params), M, M))).toMatchObject({ params: { _meta: { [INFO]: { name: 'gw' } } } })
  })

  test('a token that nobody will serve is dropped', () => {
    for (const [client, upstream] of [
      [L, L],
      [M, L],
      [L, M],
      [M, M],
    ] as const) {
      const text = written(call(`{"_meta":{${client === M ? `${CLIENT},` : ''}"progressToken":5}}`), client, upstream, {
        progressToken: false,
      })
      expect(text).not.toContain('progressToken')
    }
  })

  test('other members are replaced, or added', () => {
    const replace = { ref: Buffer.from('{"type":"ref/prompt","name":"p"}') }
    expect(written(call('{"ref":{"a":1},"x":1}'), L, L, { replace })).toBe(
      sent('{"ref":{"type":"ref/prompt","name":"p"},"x":1}'),
    )
    expect(written(call('{"x":1}'), L, L, { replace, name: 'n' })).toBe(
      sent('{"ref":{"type":"ref/prompt","name":"p"},"name":"n","x":1}'),
    )
  })

  test('params before the id', () => {
    expect(written('{"params":{"name":"x"},"id":1,"jsonrpc":"2.0","method":"m"}', L, M, { name: 'y' })).toBe(
      `{"params":{"_meta":{${ENVELOPE}},"name":"y"},"id":42,"jsonrpc":"2.0","method":"m"}`,
    )
  })
})

describe('any request', () => {
  const key = fc.constantFrom('name', 'arguments', 'uri', 'cursor', 'é', 'inputResponses', '')
  const metaKey = fc.constantFrom('progressToken', 'traceparent', 'com.example/x', LEVEL, '😀')

  test('deep-equals what the cell prescribes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue()),
        fc.option(fc.dictionary(metaKey, fc.jsonValue())),
        fc.constantFrom([L, L] as const, [M, L] as const, [L, M] as const, [M, M] as const),
        fc.constantFrom('', '  '),
        (params, extra, [client, upstream], gap) => {
          const own = client === M ? { [VERSION]: M, [CAPABILITIES]: { roots: {} }, [INFO]: { name: 'me' } } : {}
          const meta = client === M || extra !== null ? { ...own, ...extra } : undefined
          const message = { jsonrpc: '2.0', method: 'm', id: 'c', params: { ...params, ...(meta && { _meta: meta }) } }
          const text = JSON.stringify(message, null, gap)
          const want = JSON.parse(text) as { id: unknown; params: { _meta?: Record<string, unknown> } }
          want.id = 42
          const told = want.params._meta
          if (told !== undefined) {
            for (const each of Object.keys(told)) {
              const reserved = each.startsWith('io.modelcontextprotocol/')
              if (each === 'progressToken') told[each] = 42
              else if (reserved && client !== upstream) delete told[each]
            }
          }
          if (upstream === M) {
            const info = client === M ? { name: 'me' } : { name: 'gw' }
            want.params._meta = { ...told, [VERSION]: M, [CAPABILITIES]: {}, [INFO]: info }
          } else if (client === L && told !== undefined && extra !== null && LEVEL in extra) {
            told[LEVEL] = JSON.parse(JSON.stringify(extra[LEVEL])) as unknown
          }
          expect(JSON.parse(written(text, client, upstream))).toEqual(want)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
