import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JSON_WIRE, SSE_WIRE, type Reply } from '../fixtures/exact-server.ts'
import { messagesOf, type Era, type RawAnswer } from '../support/raw-client.ts'
import { CELLS, startCells, upstreamEra, type Cells } from './cells.ts'
import { BAD_UTF8, NOT_JSON, twins } from './corpus-ambiguous.ts'

interface Case {
  readonly tool: string
  readonly title: string
  readonly write: (id: string, modern: boolean) => string
}

let count = 0
const CASES: Case[] = []
const add = (title: string, write: Case['write']): void => void CASES.push({ tool: `t${count++}`, title, write })

const type = (modern: boolean): string => (modern ? '"resultType":"complete",' : '')
const envelope = (id: string, modern: boolean, content: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{${type(modern)}${content}}}`
const GOOD = '"content":[]'

for (const [key, value] of [
  ['jsonrpc', '"2.0"'],
  ['id', '@'],
  ['result', '{"content":[]}'],
] as const) {
  for (const [way, twin] of Object.entries(twins(key))) {
    const member = (id: string) => `"${twin}":${value.replace('@', id)}`
    add(`${key} twice, ${way}, at the end`, (id, modern) =>
      envelope(id, modern, GOOD).replace(/\}$/, `,${member(id)}}`),
    )
    add(`${key} twice, ${way}, at the start`, (id, modern) =>
      envelope(id, modern, GOOD).replace('{', `{${member(id)},`),
    )
  }
}
for (const key of ['isError', '_meta', 'content', 'structuredContent']) {
  const value = key === 'isError' ? 'true' : '{}'
  for (const [way, twin] of Object.entries(twins(key))) {
    add(`${key} twice, ${way}`, (id, modern) =>
      envelope(id, modern, `"${key}":${value},${key === 'content' ? '' : `${GOOD},`}"${twin}":${value}`),
    )
  }
}
for (const [what, bytes] of Object.entries(BAD_UTF8)) {
  add(`bad UTF-8 in a value: ${what}`, (id, modern) =>
    envelope(id, modern, `"content":[{"type":"text","text":"${bytes}"}]`),
  )
  add(`bad UTF-8 in a key: ${what}`, (id, modern) => envelope(id, modern, `"content":[],"x${bytes}":1`))
}
for (const [what, text] of Object.entries(NOT_JSON)) {
  add(what, (id, modern) => envelope(id, modern, `"content":[],"x":${text}`))
}
add('a BOM', (id, modern) => `\xef\xbb\xbf${envelope(id, modern, GOOD)}`)
add('another id', (_id, modern) => envelope('987654321', modern, GOOD))
add('the id as text', (id, modern) => envelope(`"${id}"`, modern, GOOD))
add('no id', (_id, modern) => `{"jsonrpc":"2.0","result":{${type(modern)}${GOOD}}}`)
add('another version', (id, modern) => envelope(id, modern, GOOD).replace('"2.0"', '"1.0"'))
add('no version', (id, modern) => envelope(id, modern, GOOD).replace('"jsonrpc":"2.0",', ''))
add('a result and an error', (id, modern) =>
  envelope(id, modern, GOOD).replace(/\}$/, ',"error":{"code":1,"message":""}}'),
)
add('neither result nor error', (id) => `{"jsonrpc":"2.0","id":${id}}`)
add('an array of answers', (id, modern) => `[${envelope(id, modern, GOOD)}]`)
add('two answers', (id, modern) => envelope(id, modern, GOOD).repeat(2))
add('cut short', (id, modern) => envelope(id, modern, GOOD).slice(0, -1))
add('a word after the answer', (id, modern) => `${envelope(id, modern, GOOD)}x`)
add('a result that is a list', (id) => `{"jsonrpc":"2.0","id":${id},"result":[]}`)
add('a result that is null', (id) => `{"jsonrpc":"2.0","id":${id},"result":null}`)
add('nothing', () => '')
add('HTML', () => '<!doctype html><title>503</title>')
add('bad UTF-8 after a megabyte', (id, modern) =>
  envelope(id, modern, `"content":[{"type":"text","text":"${'x'.repeat(1_000_000)}\xff"}]`),
)
add('result twice after a megabyte', (id, modern) =>
  envelope(id, modern, `"content":[{"type":"text","text":"${'x'.repeat(1_000_000)}"}]`).replace(/\}$/, ',"result":{}}'),
)

function repliesOf(era: Era): Map<string, Reply> {
  const replies = new Map<string, Reply>()
  for (const { tool, write } of CASES) {
    const message = (id: string): Buffer => Buffer.from(write(id, era === 'modern'), 'latin1')
    replies.set(`tools/call ${tool}`, { message, wire: JSON_WIRE })
    replies.set(`tools/call ${tool}s`, { message, wire: SSE_WIRE })
  }
  return replies
}

let cells: Cells
beforeAll(async () => {
  cells = await startCells(repliesOf)
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

/** Refused: an error that says so, or an answer that breaks off. What must never happen is a whole result. */
function outcome(answer: RawAnswer): string {
  if (!answer.whole) return 'cut'
  const last = messagesOf(answer).at(-1)?.toString('latin1') ?? ''
  try {
    const message = JSON.parse(last) as { error?: { code: number }; result?: { isError?: boolean } }
    if (message.error && message.result === undefined) return 'error'
    return `accepted: ${last.slice(0, 200)}`
  } catch {
    return `a whole answer that is no JSON: ${last.slice(0, 200)}`
  }
}

describe.each(CELLS)('%s', (cell) => {
  test.each(CASES)('$title', async ({ tool }) => {
    for (const name of [tool, `${tool}s`]) {
      const answer = await cells.through[cell].call({
        method: 'tools/call',
        name,
        members: `"name":"${name}","arguments":{}`,
      })
      expect({ wire: name === tool ? 'JSON' : 'SSE', outcome: outcome(answer) }).toEqual({
        wire: name === tool ? 'JSON' : 'SSE',
        outcome: expect.stringMatching(/^(cut|error)$/) as string,
      })
    }
    expect(cells.upstreams[upstreamEra(cell)].received.get(`tools/call ${tool}`)?.length).toBeGreaterThan(0)
  })
})
