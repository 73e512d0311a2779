import type { RunningGateway } from '../../test/support/gateway.ts'
import type { Finding, Lab } from './fault.ts'
import { exactly, within } from './findings.ts'
import { DEADLINE_MS, neighbours, type Neighbours } from './neighbours.ts'
import type { Way } from './ways.ts'

export interface Answered {
  readonly status: number
  readonly code: string
  readonly retryAfter: boolean
  readonly ms: number
}

/** One call over /rpc and one over REST: each has one clear error, on time. */
export async function clear(lab: Lab, way: Way): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  await way.open(site)
  const { heard, late = false } = way
  if (heard === undefined) return []
  const tool = `bad-${way.name.replaceAll(' ', '-')}-call`
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }
  const id = await toolId(site, tool)
  const [rpc, rest] = await Promise.all([
    asked(site, '/rpc', call),
    asked(site, `/v1/tools/${id}/call`, { arguments: {} }),
  ])
  const shown = (which: string, answer: Answered, wanted: string): Finding[] => [
    exactly(`what a caller hears ${which}`, wanted, `${answer.status} ${answer.code}`),
    late
      ? within(`after, ${which}`, { must: DEADLINE_MS + 500, goal: DEADLINE_MS + 100 }, answer.ms)
      : within(`after, ${which}`, { must: 500, goal: 50 }, answer.ms),
  ]
  return [...shown('over /rpc', rpc, `200 ${heard[0]}`), ...shown('over REST', rest, `${heard[2]} ${heard[1]}`)]
}

/** The id of a tool by the name that all of the gateway's tools have. */
export async function toolId(
  { gateway }: { readonly gateway: Pick<RunningGateway, 'api'> },
  name: string,
): Promise<string> {
  const { body } = await gateway.api('GET', `/v1/tools?search=${name}`)
  const tools = body as unknown as readonly { readonly id: string; readonly name: string }[]
  const tool = tools.find((one) => one.name === name)
  if (tool === undefined) throw new Error(`there is no tool ${name}: ${JSON.stringify(body).slice(0, 300)}`)
  return tool.id
}

/** One request by the administrator; what it was answered and how soon. */
export async function asked({ gateway }: Pick<Neighbours, 'gateway'>, path: string, body: object): Promise<Answered> {
  const began = performance.now()
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const ms = performance.now() - began
  const { code, error } = JSON.parse(text) as { code?: string; error?: { code: number } }
  const retryAfter = response.headers.has('retry-after')
  return { status: response.status, code: String(error?.code ?? code), retryAfter, ms }
}
