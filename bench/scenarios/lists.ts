import { startProgram } from '../program.ts'
import { judge, note, type Row } from '../table.ts'
import { ERAS, type Scenario } from './scenario.ts'

const TOOLS = 10_000

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

/** `tools/list` of ten thousand tools: the first answer a client gets, and the whole walk where it is paged. */
export const lists: Scenario = async (bench) => {
  await using large = await startProgram('upstream.ts', { TOOLS: String(TOOLS) })
  const rows: Row[] = []
  for (const era of ERAS) {
    const { id } = await bench.gateway.register(`large-${era}`, `${large.url}/${era}/large`)
    const url = `${bench.gateway.url}/gateways/${id}/mcp`
    const target = { era, method: 'tools/list', url, token: bench.gateway.token } as const
    const p50s: number[] = []
    for (let round = 0; round < bench.rounds; round++) {
      const { p50, failures, calls } = await bench.load.run({
        target,
        concurrency: 1,
        warmUpMs: 300,
        windowMs: bench.windowMs,
      })
      if (failures > 0 || calls === 0) throw new Error(`tools/list failed ${failures} times of ${calls}`)
      p50s.push(p50)
    }
    rows.push(
      judge({ figure: `tools/list of ${TOOLS} tools, ${era}: p50`, must: 10, goal: 3, unit: ' ms', digits: 2 }, p50s),
    )
    await bench.gateway.api('DELETE', `/v1/gateways/${id}`)
  }
  const { id } = await bench.gateway.register('large-rpc', `${large.url}/legacy/rpc`)
  const { tools, pages } = await walk(bench.gateway.url, bench.gateway.token)
  if (tools < TOOLS) throw new Error(`the list had ${tools} of ${TOOLS} tools`)
  rows.push(note(`tools/list of ${TOOLS} tools: pages of the aggregate`, '', [pages]))
  await bench.gateway.api('DELETE', `/v1/gateways/${id}`)
  return rows
}
