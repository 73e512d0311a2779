import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswerRelay } from './answer-relay.ts'
import type { Revision } from './revision.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const INFO = '{"name":"s","version":"1"}'
const META_KEYS = ['io.modelcontextprotocol/serverInfo', 'a', 'b\n', '😀']
const CELLS = [
  [L, L],
  [M, L],
  [L, M],
  [M, M],
] as const

interface Cut {
  readonly text: string
  readonly cuts: readonly number[]
}

function relay(client: Revision, upstream: Revision, { text, cuts }: Cut): { answer: string; invalid: string[] } {
  const written: Buffer[] = []
  const invalid: string[] = []
  const plan = {
    method: 'tools/call',
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('"c-1"'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: Buffer.from(INFO),
  }
  const answers = createAnswerRelay(plan, {
    answer: (bytes) => written.push(Buffer.from(bytes)),
    answered() {},
    notification() {},
    needsInput: () => invalid.push('asks for input'),
    invalid: (why) => invalid.push(why),
  })
  const bytes = Buffer.from(text)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    answers.push(Buffer.from(bytes.subarray(from, cut)))
    from = cut
  }
  answers.endMessage()
  return { answer: Buffer.concat(written).toString(), invalid }
}

const isObject = (each: unknown): each is Record<string, unknown> =>
  typeof each === 'object' && each !== null && !Array.isArray(each)

/** What the client must read, by values. */
function expected(given: Record<string, unknown>, client: Revision, upstream: Revision): Record<string, unknown> {
  const want = structuredClone(given)
  const meta = want['_meta']
  if (client === L && upstream === M) {
    delete want['resultType']
    if (isObject(meta)) delete meta['io.modelcontextprotocol/serverInfo']
    if ('structuredContent' in want && !isObject(want['structuredContent']))
      want['structuredContent'] = { result: want['structuredContent'] }
  }
  if (client !== M) return want
  want['resultType'] = 'complete'
  if (isObject(meta) && !Object.hasOwn(meta, 'io.modelcontextprotocol/serverInfo'))
    meta['io.modelcontextprotocol/serverInfo'] = JSON.parse(INFO)
  if (!Object.hasOwn(want, '_meta'))
    want['_meta'] = { 'io.modelcontextprotocol/serverInfo': JSON.parse(INFO) as unknown }
  return want
}

describe('any result, however cut', () => {
  const key = fc.constantFrom(
    'content',
    'isError',
    'resultType',
    'ttlMs',
    'cacheScope',
    '_meta',
    'structuredContent',
    'a',
    'é"\\',
    '',
  )
  const metaKey = fc.constantFrom(...META_KEYS)
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(metaKey, fc.jsonValue()) },
  )
  const result = fc.dictionary(key, value).map((drawn) => {
    const each = JSON.parse(JSON.stringify(drawn)) as Record<string, unknown>
    // At the levels that are read, keys equal but for case would be refused.
    if (isObject(each['_meta']) && Object.keys(each['_meta']).some((name) => !META_KEYS.includes(name)))
      delete each['_meta']
    if ('resultType' in each) each['resultType'] = 'complete'
    return each
  })

  test('deep-equals what the cell prescribes', () => {
    const space = fc.constantFrom('', ' ', '\n\t')
    fc.assert(
      fc.property(
        result,
        fc.constantFrom(...CELLS),
        space,
        fc.array(fc.nat(), { maxLength: 4 }),
        (given, [client, upstream], gap, where) => {
          const safe = client === M && upstream === M ? { resultType: 'complete', ...given } : given
          const text = `${gap}{${gap}"result"${gap}:${JSON.stringify(safe, null, gap)},${gap}"id":7,"jsonrpc":"2.0"}`
          const size = Buffer.byteLength(text)
          const cuts = where.map((each) => each % size).toSorted((a, b) => a - b)
          const said = relay(client, upstream, { text, cuts })
          expect(said.invalid).toEqual([])
          expect(JSON.parse(said.answer)).toEqual({
            jsonrpc: '2.0',
            id: 'c-1',
            result: expected(safe, client, upstream),
          })
        },
      ),
      { numRuns: 3000 },
    )
  })
})
