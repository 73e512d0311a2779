import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ECHO } from '../fixtures/exact-server.ts'
import { messagesOf } from '../support/raw-client.ts'
import { CELLS, startCells, upstreamEra, type Cell, type Cells } from './cells.ts'
import { change, get, parseExact, render, without, type Exact } from './exact-json.ts'
import { firstDifference } from './expected.ts'
import { ODD_VALUES } from './odd-values.ts'

let cells: Cells
beforeAll(async () => {
  cells = await startCells(
    () =>
      new Map([
        ['prompts/get p', { result: '{"messages":[]}' }],
        ['resources/read exact://r', { result: '{"contents":[]}' }],
        ['completion/complete p', { result: '{"completion":{"values":[]}}' }],
      ]),
  )
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

const big = (bytes: number): string => `{"text":"${'é'.repeat(bytes / 2)}"}`

const ARGUMENTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(ODD_VALUES).map(([name, raw]) => [name, `{"v":${raw}}`])),
  'no arguments at all': '{}',
  '3.9 MB': big(3_900_000),
}

/** Of params only the name, in `_meta` only what the protocol reserves and the progress token are the gateway's. */
function comparable(params: Exact): { params: string; meta: string } {
  const meta = get(params, '_meta') ?? parseExact('{}')
  const own = meta.kind === 'object' ? meta.members.filter(([key]) => !key.startsWith('"io.modelcontextprotocol/')) : []
  return {
    params: render(without(params, ['_meta'])),
    meta: render(without({ kind: 'object', members: own }, ['progressToken'])),
  }
}

function echoed(message: Buffer): Exact {
  const { result, error } = JSON.parse(message.toString()) as {
    result?: { content: { text: string }[] }
    error?: unknown
  }
  if (!result) throw new Error(JSON.stringify(error))
  return parseExact(Buffer.from(result.content[0]?.text ?? '', 'base64'))
}

async function echo(cell: Cell, members: string, meta?: string): Promise<Exact> {
  const about = { method: 'tools/call', name: ECHO, members, ...(meta !== undefined && { meta }) }
  const answer = await cells.through[cell].call(about)
  return echoed(messagesOf(answer).at(-1) ?? Buffer.alloc(0))
}

describe.each(CELLS)('%s', (cell) => {
  test.each(Object.entries(ARGUMENTS))('arguments: %s', async (_name, raw) => {
    const members = `"name":"${ECHO}","arguments":${raw}`
    const { params } = comparable(get(await echo(cell, members), 'params') as Exact)
    expect(firstDifference(params, render(parseExact(`{${members}}`)))).toBeUndefined()
  })

  test.each(Object.entries(ODD_VALUES))('_meta and unknown members: %s', async (_name, raw) => {
    const members = `"x-before":${raw},"arguments":{},"name":"${ECHO}","x-after":{"y":${raw}}`
    const meta = `"com.example/odd":${raw},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","":null`
    const got = comparable(get(await echo(cell, members, meta), 'params') as Exact)
    expect(firstDifference(got.params, render(parseExact(`{${members}}`)))).toBeUndefined()
    expect(withoutTrace(got.meta)).toBe(withoutTrace(render(parseExact(`{${meta}}`))))
  })

  test('pretty-printed, with the name written in escapes and unknown members beside it', async () => {
    const client = cells.through[cell]
    const about = { method: 'tools/call', name: ECHO, members: `"n\\u0061me":"\\u0065cho","arguments":{"a":1}` }
    const body = client
      .write(about)
      .toString()
      .replaceAll(',"', '\r\n\t,  "')
      .replace('{', '{ "x-envelope" : [9007199254740993],')
    const request = echoed(messagesOf(await client.send(Buffer.from(body), about)).at(-1) ?? Buffer.alloc(0))
    expect(render(get(request, 'x-envelope') as Exact)).toBe('[9007199254740993]')
    expect(render(get(get(request, 'params'), 'arguments') as Exact)).toBe('{"a":1}')
  })

  test.each([
    ['prompts/get', 'p', '"name":"p","arguments":{"a":"\\ud800é"},"x-odd":[1e400,-0]'],
    ['resources/read', 'exact://r', '"uri":"exact://r","x-odd":[1e400,-0]'],
    [
      'completion/complete',
      'p',
      '"ref":{"type":"ref/prompt","name":"p","x":1.0},"argument":{"name":"a","value":"\\ud800"},"x-odd":-0',
    ],
  ])('%s', async (method, name, members) => {
    const { received } = cells.upstreams[upstreamEra(cell)]
    received.clear()
    const about = { method, members, ...(method !== 'completion/complete' && { name }) }
    const answer = await cells.through[cell].call(about)
    expect(messagesOf(answer)[0]?.toString()).toContain('"result"')
    const seen = received.get(`${method} ${name}`) ?? []
    expect(seen).toHaveLength(1)
    const { params } = comparable(get(parseExact(seen[0] ?? ''), 'params') as Exact)
    expect(params).toBe(render(parseExact(`{${members}}`)))
  })
})

/** A trace is continued: its parent changes, its id does not. */
function withoutTrace(meta: string): string {
  return render(change(parseExact(Buffer.from(meta, 'latin1')), 'traceparent', () => undefined))
}
