import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswerRelay } from '#/mcp/answer-relay.ts'
import { REVISIONS, type Revision } from '#/mcp/revision.ts'
import { ERRORS, ENVELOPES, RESULTS, UNSTRUCTURED } from './corpus-results.ts'

/** A small answer in one chunk takes a short way; whatever it does, the stream does too. */

interface Leg {
  readonly client: Revision
  readonly upstream: Revision
  readonly method: string
}

/** Everything that a relay told, with the bytes of the answer joined. */
function told(chunks: readonly Buffer[], { client, upstream, method }: Leg): { answer: string; steps: unknown[] } {
  const written: Buffer[] = []
  const steps: unknown[] = []
  const plan = {
    method,
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('"c\\u0041"'),
    upstreamId: 7,
    progressToken: Buffer.from('"p"'),
    logLevel: 'info',
    serverInfo: Buffer.from('{"name":"s","version":"1"}'),
  }
  const relay = createAnswerRelay(plan, {
    answer: (bytes) => written.push(Buffer.from(bytes)),
    answered: (outcome) => steps.push(outcome),
    notification: (bytes) => steps.push(bytes.toString().trim()),
    needsInput: (frame) => steps.push(['asks', frame?.method]),
    invalid: (why) => steps.push(['invalid', why.replace(/ \(byte \d+\)$/, '')]),
  })
  for (const chunk of chunks) relay.push(chunk)
  relay.endMessage()
  return { answer: Buffer.concat(written).toString().trim(), steps }
}

/** White space ahead, in a chunk of its own, sends the rest through the stream. */
function same(text: string, leg: Leg): void {
  const bytes = Buffer.from(text)
  expect(told([bytes], leg)).toEqual(told([Buffer.from(' '), bytes], leg))
}

const LEGS: readonly Leg[] = REVISIONS.flatMap((client) =>
  REVISIONS.flatMap((upstream) => ['tools/call', 'resources/read'].map((method) => ({ client, upstream, method }))),
)
const modern = (result: string): string =>
  result.replace(/^\{(?=\})/, '{"resultType":"complete"').replace(/^\{(?!"resultType"|\})/, '{"resultType":"complete",')

describe('an answer in one chunk is relayed as it is when it streams', () => {
  const results = Object.entries({ ...RESULTS, ...UNSTRUCTURED }).filter(([, result]) => result.length < 100_000)

  test.each(results)('%s', (_title, result) => {
    for (const leg of LEGS)
      for (const said of [result, modern(result)]) same(`{"jsonrpc":"2.0","id":7,"result":${said}}`, leg)
  })

  test.each(Object.entries(ENVELOPES))('%s', (_title, envelope) => {
    for (const leg of LEGS) same(envelope('7', '{"resultType":"complete","content":[]}'), leg)
  })

  test.each(Object.entries(ERRORS))('%s', (_title, error) => {
    for (const leg of LEGS) same(`{"jsonrpc":"2.0","id":7,"error":${error}}`, leg)
  })

  const key = fc.constantFrom(
    'content',
    'isError',
    'resultType',
    'ttlMs',
    '_meta',
    'structuredContent',
    'a',
    'A',
    'é"\\',
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>('complete', 'input_required', 'task', true, {
      'io.modelcontextprotocol/serverInfo': 1,
      a: 2,
    }),
  )
  const envelope = fc.record(
    {
      jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '2.0', '1.0', 2),
      id: fc.constantFrom<unknown>(7, 7, 7, '7', 8, null),
      result: fc.oneof({ weight: 9, arbitrary: fc.dictionary(key, value) }, { weight: 1, arbitrary: fc.jsonValue() }),
      error: fc.constantFrom<unknown>({ code: -32602, message: 'x' }, { code: 1.5 }, 'x'),
      method: fc.constantFrom<unknown>('ping', 'notifications/progress', 'notifications/x', 5),
      params: fc.constantFrom<unknown>({ progressToken: 7, progress: 1 }, {}, 5),
      x: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: [] },
  )
  const usual = fc.record({ jsonrpc: fc.constant('2.0'), id: fc.constant(7), result: fc.dictionary(key, value) })
  /** Now and then a text of which one character is another, or missing. */
  const damage = fc.option(fc.tuple(fc.nat(), fc.constantFrom('', ' ', '"', '{', '}', ',', 'é', '\\', '\ud800')), {
    freq: 3,
  })

  test('whatever it is', () => {
    const gap = fc.constantFrom('', ' ', '\n\t')
    const message = fc.oneof(usual, envelope)
    fc.assert(
      fc.property(message, fc.constantFrom(...LEGS), gap, damage, (each, leg, space, hit) => {
        const text = `${space}${JSON.stringify(each, null, space)}${space}`
        const at = hit === null ? 0 : hit[0] % text.length
        same(hit === null ? text : text.slice(0, at) + hit[1] + text.slice(at + 1), leg)
      }),
      { numRuns: 5000 },
    )
  })
})
