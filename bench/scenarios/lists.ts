import type { Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import { judge, note, type Row } from '../table.ts'
import { ERAS, type Bench, type Scenario } from './scenario.ts'

const TOOLS = 10_000
const WAYS = ['gateway', 'hop'] as const
type Way = (typeof WAYS)[number]

interface Page {
  readonly result?: { readonly tools: readonly unknown[]; readonly nextCursor?: string }
  readonly error?: unknown
}

/** Walks a whole list as `/rpc` gives it: a message and an answer. */
async function walk(url: string, token: string): Promise<{ tools: number; pages: number }> {
  let tools = 0
  let cursor: string | undefined
  for (let pages = 1; ; pages++) {
    const response = await fetch(`${url}/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: pages,
        method: 'tools/list',
        params: cursor === undefined ? {} : { cursor },
      }),
    })
    const { result, error } = (await response.json()) as Page
    if (!result) throw new Error(`tools/list: ${response.status} ${JSON.stringify(error)}`)
    tools += result.tools.length
    cursor = result.nextCursor
    if (cursor === undefined) return { tools, pages }
  }
}

/** The p50 of each round, through the gateway and through the bare hop in turns. */
async function p50s(bench: Bench, targets: Readonly<Record<Way, Target>>): Promise<Record<Way, number[]>> {
  const found: Record<Way, number[]> = { gateway: [], hop: [] }
  for (let round = 0; round < bench.rounds; round++) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const { windowMs } = bench
      const run = await bench.load.run({ target: targets[way], concurrency: 1, warmUpMs: 300, windowMs })
      if (run.failures > 0 || run.calls === 0)
        throw new Error(`tools/list by ${way} failed ${run.failures} times of ${run.calls}`)
      found[way].push(run.p50)
    }
  }
  return found
}

/** `tools/list` of ten thousand tools: the first answer a client gets, and the whole walk where it is paged. */
export const lists: Scenario = async (bench) => {
  await using large = await startProgram('upstream.ts', { TOOLS: String(TOOLS) })
  await using hop = await startProgram('bare-hop.ts', { UPSTREAM: large.url })
  const rows: Row[] = []
  for (const era of ERAS) {
    const path = `/${era}/large`
    const { id } = await bench.gateway.register(`large-${era}`, large.url + path)
    const list = { era, method: 'tools/list' } as const
    const through = { ...list, url: `${bench.gateway.url}/gateways/${id}/mcp`, token: bench.gateway.token }
    const { gateway, hop: bare } = await p50s(bench, { gateway: through, hop: { ...list, url: hop.url + path } })
    const figure = `tools/list of ${TOOLS} tools, ${era}: p50`
    rows.push(judge({ figure, must: 10, goal: 3, unit: ' ms', digits: 2 }, gateway))
    rows.push(note(`${figure} through the bare hop`, ' ms', bare, 2))
    await bench.gateway.api('DELETE', `/v1/gateways/${id}`)
  }
  const { id } = await bench.gateway.register('large-rpc', `${large.url}/legacy/rpc`)
  const { tools, pages } = await walk(bench.gateway.url, bench.gateway.token)
  if (tools < TOOLS) throw new Error(`the list had ${tools} of ${TOOLS} tools`)
  rows.push(note(`tools/list of ${TOOLS} tools: pages of the aggregate`, '', [pages]))
  await bench.gateway.api('DELETE', `/v1/gateways/${id}`)
  return rows
}
