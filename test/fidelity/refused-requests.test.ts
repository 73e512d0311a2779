import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ECHO } from '../fixtures/exact-server.ts'
import { CELLS, startCells, upstreamEra, type Cells } from './cells.ts'
import { BAD_UTF8, NOT_JSON, twins } from './corpus-ambiguous.ts'

let cells: Cells
beforeAll(async () => {
  cells = await startCells(() => new Map())
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

const ABOUT = {
  method: 'tools/call',
  name: ECHO,
  members: `"name":"${ECHO}","arguments":{"a":"@"}`,
  meta: '"progressToken":"p"',
}

/** A change to the text of a good request that makes it ambiguous. */
type Spoil = (request: string) => string

const spoiled: Record<string, Spoil> = {}
const LEVELS: readonly (readonly [string, string, string])[] = [
  ['jsonrpc', '"2.0"', '{"jsonrpc"'],
  ['id', '2', '{"jsonrpc"'],
  ['method', '"ping"', '{"jsonrpc"'],
  ['params', '{}', '{"jsonrpc"'],
  ['name', '"other"', '"arguments"'],
  ['arguments', '{"a":"other"}', '"arguments"'],
  ['_meta', '{}', '"arguments"'],
  ['progressToken', '"q"', '"progressToken"'],
]
for (const [key, value, before] of LEVELS) {
  for (const [way, twin] of Object.entries(twins(key))) {
    spoiled[`${key} twice, ${way}`] = (request) => {
      const at = request.indexOf(before) + (before.startsWith('{') ? 1 : 0)
      return `${request.slice(0, at)}"${twin}":${value},${request.slice(at)}`
    }
  }
}
for (const [what, bytes] of Object.entries(BAD_UTF8)) {
  spoiled[`bad UTF-8 in a value: ${what}`] = (request) => request.replace('"@"', `"${bytes}"`)
  spoiled[`bad UTF-8 in a key: ${what}`] = (request) => request.replace('"a":', `"a${bytes}":`)
}
for (const [what, text] of Object.entries(NOT_JSON)) spoiled[what] = (request) => request.replace('"@"', text)
spoiled['a BOM'] = (request) => `\xef\xbb\xbf${request}`
spoiled['UTF-16'] = (request) => Buffer.from(`\ufeff${request}`, 'utf16le').toString('latin1')
spoiled['two messages'] = (request) => `${request}${request}`
spoiled['a word after the message'] = (request) => `${request}x`
spoiled['cut short'] = (request) => request.slice(0, -1)
spoiled['1100 levels deep'] = (request) => request.replace('"@"', `${'['.repeat(1100)}${']'.repeat(1100)}`)
spoiled['nothing'] = () => ''

describe.each(CELLS)('%s', (cell) => {
  beforeEach(() => cells.upstreams[upstreamEra(cell)].received.delete(`tools/call ${ECHO}`))

  test.each(Object.entries(spoiled))('%s', async (_what, spoil) => {
    const client = cells.through[cell]
    const body = Buffer.from(spoil(client.write(ABOUT).toString('latin1')), 'latin1')
    const answer = await client.send(body, ABOUT)
    const { received } = cells.upstreams[upstreamEra(cell)]
    expect({ reached: received.get(`tools/call ${ECHO}`)?.length ?? 0, status: answer.status }).toEqual({
      reached: 0,
      status: 400,
    })
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      jsonrpc: '2.0',
      error: { code: expect.any(Number) as number },
    })
  })

  test('the request itself is accepted', async () => {
    const answer = await cells.through[cell].call(ABOUT)
    expect({ status: answer.status, result: answer.body.includes('"result"') }).toEqual({ status: 200, result: true })
  })
})
