import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SSE_WIRE, type Reply } from '../fixtures/exact-server.ts'
import { messagesOf, type Era, type RawClient } from '../support/raw-client.ts'
import { CELLS, clientEra, startCells, upstreamEra, type Cells } from './cells.ts'
import { ENVELOPES, ERRORS, ODD_RESULT, RESULTS, UNSTRUCTURED, WIRES } from './corpus-results.ts'
import { parseExact, render, type Exact } from './exact-json.ts'
import { actualResult, envelopeOf, expectedResult, firstDifference, member } from './expected.ts'

interface Case {
  readonly tool: string
  readonly title: string
  readonly result: string
  readonly reply: Reply
}

let count = 0
const named = (title: string, result: string, reply: Reply): Case => ({ tool: `t${count++}`, title, result, reply })

/** White space may hold line ends, which SSE gives a meaning; of the large ones, one is enough as a stream. */
const IN_SPACE_OR_SLOW = /white space|5 MB of (numbers|small)/

const CASES: readonly Case[] = [
  ...Object.entries({ ...RESULTS, ...UNSTRUCTURED }).map(([title, result]) => named(title, result, { result })),
  ...Object.entries(RESULTS)
    .filter(([title]) => !IN_SPACE_OR_SLOW.test(title))
    .map(([title, result]) => named(`${title}, SSE`, result, { result, wire: SSE_WIRE })),
  ...Object.entries(WIRES).map(([title, wire]) => named(title, ODD_RESULT, { result: ODD_RESULT, wire })),
]

const ENVELOPE_CASES = Object.entries(ENVELOPES).map(([title, write]) => ({ tool: `e${count++}`, title, write }))
const ERROR_CASES = Object.entries(ERRORS).map(([title, error]) => ({ tool: `f${count++}`, title, error }))

let cells: Cells

const failing = (error: string) => (id: string) => Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${error}}`)

function repliesOf(era: Era): Map<string, Reply> {
  const result = era === 'modern' ? `{"resultType":"complete",${ODD_RESULT.slice(1)}` : ODD_RESULT
  return new Map<string, Reply>([
    ...CASES.map(({ tool, reply }) => [`tools/call ${tool}`, reply] as const),
    ...ERROR_CASES.map(({ tool, error }) => [`tools/call ${tool}`, { message: failing(error) }] as const),
    ...ENVELOPE_CASES.map(
      ({ tool, write }) => [`tools/call ${tool}`, { message: (id: string) => Buffer.from(write(id, result)) }] as const,
    ),
  ])
}

beforeAll(async () => {
  cells = await startCells(repliesOf)
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

async function call(client: RawClient, tool: string, id = '42'): Promise<Exact> {
  const answer = await client.call({ method: 'tools/call', id, name: tool, members: `"name":"${tool}","arguments":{}` })
  const messages = messagesOf(answer)
  expect({ whole: answer.whole, messages: messages.length }).toEqual({ whole: true, messages: 1 })
  return parseExact(messages[0] ?? '')
}

describe.each(CELLS)('%s', (cell) => {
  test.each(CASES)('$title', async ({ tool, result }) => {
    const message = await call(cells.through[cell], tool)
    expect(firstDifference(actualResult(cell, message), expectedResult(cell, 'tools/call', result))).toBeUndefined()
    expect(envelopeOf(message)).toEqual({ jsonrpc: '"2.0"', id: '42' })
  })

  test.each(ENVELOPE_CASES)('$title', async ({ tool }) => {
    const { id: _own, ...direct } = envelopeOf(await call(cells.direct[upstreamEra(cell)], tool))
    const message = await call(cells.through[cell], tool)
    expect(firstDifference(actualResult(cell, message), expectedResult(cell, 'tools/call', ODD_RESULT))).toBeUndefined()
    expect(envelopeOf(message)).toEqual({ ...direct, id: '42' })
  })

  test.each(ERROR_CASES)('$title', async ({ tool, error }) => {
    const message = await call(cells.through[cell], tool)
    expect(render(member(message, 'error') ?? parseExact('null'))).toBe(render(parseExact(error)))
    expect(render(member(message, 'id') ?? parseExact('null'))).toBe('42')
  })

  test.each([
    '0',
    '-1',
    '9007199254740993',
    '"a"',
    '""',
    '"é😀"',
    String.raw`"\u0041\ud800\/"`,
    `"${'x'.repeat(200)}"`,
  ])('the id %s comes back as it went', async (id) => {
    const message = await call(cells.through[cell], CASES[0]?.tool ?? '', id)
    expect(envelopeOf(message)['id']).toBe(Buffer.from(id).toString('latin1'))
  })
})

test('the corpus itself: direct answers are what the upstream was told to say', async () => {
  for (const era of ['legacy', 'modern'] as const) {
    const cell = CELLS.find((each) => clientEra(each) === era && upstreamEra(each) === era) as (typeof CELLS)[number]
    for (const { tool, result } of CASES.filter(({ title }) => !IN_SPACE_OR_SLOW.test(title))) {
      const message = await call(cells.direct[era], tool)
      expect(firstDifference(actualResult(cell, message), expectedResult(cell, 'tools/call', result))).toBeUndefined()
    }
  }
})
