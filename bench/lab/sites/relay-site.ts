import type { PreparedSite, Site } from '../site.ts'
import { startProgram } from './program.ts'

export interface RelaySiteOptions {
  /** Origin of the simulator. */
  readonly simulator: string
  /** So that its control users do not share one server: as many as the gateway has behind it. */
  readonly servers: number
  /** As long as the list that the gateway's users are shown. */
  readonly listLength: number
}

/** A bare relay before servers of its own, for the control group of a run. */
export async function relaySite({ simulator, servers, listLength }: RelaySiteOptions): Promise<PreparedSite> {
  const relay = await startProgram('relay/program', { UPSTREAM: simulator })
  const aggregate = Array.from({ length: servers }, (_, n) => ({
    path: `/either/control-${n + 1}/mcp?tools=${listLength}`,
    tools: ['wait'],
    prompts: ['wait'],
    resources: [`lab://control-${n + 1}/wait/{ms}/{canary}`],
  }))
  const site: Site = {
    name: 'bare relay',
    origin: relay.url,
    version: null,
    tokens: [],
    doors: { aggregate },
    clients: ['legacy', 'modern'],
  }
  return { site, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}
