import type { Scenario } from '../scenario.ts'
import type { Entity, Rest } from './rest.ts'

/** The simulator's servers as a gateway knows them. */
export interface Registered {
  readonly gatewayIds: readonly string[]
  /** Whether a name, or a resource's URI, is of one of them. */
  readonly mine: (name: string) => boolean
}

export interface RegisterOptions {
  readonly simulator: string
  readonly upstreams: Scenario['upstreams']
  /** Begins the name of everything that is made. */
  readonly run: string
  /** Told of each thing as it is made, so that it can be removed whatever comes next. */
  readonly made: (path: string) => void
}

/** Registers every server of the simulator. */
export async function register(rest: Rest, { simulator, upstreams, run, made }: RegisterOptions): Promise<Registered> {
  const names = (['legacy', 'modern'] as const).flatMap((era) =>
    Array.from({ length: upstreams[era] }, (_, n) => ({ era, name: `${run}-${era}-${n + 1}` })),
  )
  const gatewayIds: string[] = []
  const named: string[] = []
  for (const { era, name } of names) {
    const url = `${simulator}/${era}/${name}/mcp`
    const { id, slug } = await rest.make('/gateways', { name, url, transport: 'STREAMABLEHTTP' })
    made(`/gateways/${String(id)}`)
    gatewayIds.push(String(id))
    named.push(name, typeof slug === 'string' ? slug : name)
  }
  return { gatewayIds, mine: (name) => named.some((each) => name.includes(each)) }
}

/** A virtual server of everything that these gateways offer; null: there are no virtual servers here. */
export async function makeServer(rest: Rest, gatewayIds: readonly string[], run: string): Promise<string | null> {
  const ids = async (kind: string): Promise<string[]> => {
    const all = await Promise.all(gatewayIds.map((id) => rest.all(`/${kind}?gateway_id=${id}&limit=500`)))
    const own = all.flat().filter((item) => gatewayIds.includes(String(item['gatewayId'] ?? item['gateway_id'])))
    return own.map((item) => String(item['id']))
  }
  // Templates are listed by themselves, without the gateway they come from.
  const { status: had, body: list } = await rest.send('GET', '/resources/templates/list')
  const all = had === 200 ? ((list as { resource_templates?: readonly Entity[] }).resource_templates ?? []) : []
  const templates = all.filter((each) => String(each['uriTemplate']).startsWith(`lab://${run}-`))
  const server = {
    name: run,
    associated_tools: await ids('tools'),
    associated_prompts: await ids('prompts'),
    associated_resources: [...(await ids('resources')), ...templates.map(({ id }) => String(id))],
  }
  const { status, body } = await rest.send('POST', '/servers', { server, visibility: 'public' })
  if (status === 404 || status === 405) return null
  if (status >= 300) throw new Error(`POST /servers: ${status} ${JSON.stringify(body).slice(0, 500)}`)
  return String((body as { id: unknown }).id)
}
