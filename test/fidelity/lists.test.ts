import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asModern, type Reply } from '../fixtures/exact-server.ts'
import { messagesOf } from '../support/raw-client.ts'
import { CELLS, startCells, upstreamEra, type Cell, type Cells } from './cells.ts'
import { get, parseExact, render, type Exact } from './exact-json.ts'
import { firstDifference, member } from './expected.ts'
import { ODD_VALUES } from './odd-values.ts'

/** What a kind of thing is listed under, and how one entry with an odd value looks. */
interface Kind {
  readonly method: string
  readonly array: string
  readonly entry: (n: number, odd: string) => string
}

const KINDS: readonly Kind[] = [
  {
    method: 'tools/list',
    array: 'tools',
    entry: (n, odd) =>
      `{"x-odd":${odd},"name":"tool_${n}","inputSchema":{"type":"object","properties":{"p":{"default":${odd}}},"x":1.0},` +
      `"description":"é \\ud800 \\u0000","annotations":{"readOnlyHint":true,"x":${odd}},"_meta":{"a":${odd}},"icons":[{"src":"data:,","x":-0}]}`,
  },
  {
    method: 'resources/list',
    array: 'resources',
    entry: (n, odd) =>
      `{"uri":"odd://r/${n}?q=é#\\u0041","x-odd":${odd},"name":"","size":9007199254740993,"_meta":{"v":${odd}}}`,
  },
  {
    method: 'resources/templates/list',
    array: 'resourceTemplates',
    entry: (n, odd) =>
      `{"uriTemplate":"odd://t${n}/{a}/{+b}","name":"t${n}","x-odd":${odd},"annotations":{"priority":1e-1}}`,
  },
  {
    method: 'prompts/list',
    array: 'prompts',
    entry: (n, odd) =>
      `{"name":"prompt_${n}","arguments":[{"name":"a","x":${odd},"required":false}],"title":"\\u00e9","x-odd":${odd}}`,
  },
]

const ODD = Object.entries(ODD_VALUES)
const listOf = ({ array, entry }: Kind): string => `{"${array}":[${ODD.map(([, raw], n) => entry(n, raw)).join(',')}]}`

let cells: Cells
beforeAll(async () => {
  cells = await startCells(() => new Map<string, Reply>(KINDS.map((kind) => [kind.method, { result: listOf(kind) }])))
})
afterAll(async () => await cells?.[Symbol.asyncDispose]())

/** All pages. */
async function walk(cell: Cell, { method, array }: Kind): Promise<Exact[]> {
  const items: Exact[] = []
  let cursor: string | undefined
  do {
    const members = cursor === undefined ? '' : `"cursor":${cursor}`
    const answer = await cells.through[cell].call({ method, members })
    const result = member(parseExact(messagesOf(answer)[0] ?? ''), 'result')
    const page = get(result, array)
    if (page?.kind !== 'array') throw new Error(`no ${array}: ${answer.status} ${answer.body.toString().slice(0, 500)}`)
    items.push(...page.items)
    const next = get(result, 'nextCursor')
    cursor = next && render(next)
  } while (cursor !== undefined)
  return items
}

/** The key by which an entry is found again: lists may be in another order than the upstream's. */
const keyOf = (item: Exact): string => render(get(item, 'uri') ?? get(item, 'uriTemplate') ?? get(item, 'name') ?? item)

describe.each(CELLS)('%s', (cell) => {
  test.each(KINDS)('$method', async (kind) => {
    const got = new Map((await walk(cell, kind)).map((item) => [keyOf(item), render(item)]))
    const differences: string[] = []
    for (const [n, [name, raw]] of ODD.entries()) {
      const entry = parseExact(kind.entry(n, raw))
      const difference = firstDifference(got.get(keyOf(entry)) ?? 'nothing', render(entry))
      if (difference !== undefined) differences.push(`${name}: ${difference}`)
    }
    expect(differences).toEqual([])
    expect(got.size).toBe(ODD.length)
  })

  test('a definition that changes in one digit beyond 2^53 is seen to change', async () => {
    const kind = KINDS[0] as Kind
    const { replies } = cells.upstreams[upstreamEra(cell)]
    const changed = listOf(kind).replace('[9007199254740993,', '[9007199254740995,')
    replies.set(kind.method, { result: changed })
    await cells.gateway.api('POST', `/v1/gateways/${cells.ids[upstreamEra(cell)]}/tools/refresh`)
    const until = performance.now() + 10_000
    const hasChanged = async () => (await walk(cell, kind)).some((item) => render(item).includes('9007199254740995'))
    while (!(await hasChanged()) && performance.now() < until) await sleep(50)
    expect(await hasChanged()).toBe(true)
    replies.set(kind.method, { result: listOf(kind) })
    await cells.gateway.api('POST', `/v1/gateways/${cells.ids[upstreamEra(cell)]}/tools/refresh`)
  })
})

test('the corpus itself is JSON in both eras', () => {
  for (const kind of KINDS) {
    expect(() => void JSON.parse(listOf(kind))).not.toThrow()
    expect(() => void JSON.parse(asModern(kind.method, listOf(kind)))).not.toThrow()
  }
})
