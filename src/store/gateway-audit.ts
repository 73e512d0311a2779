import type { Observation } from '#/gateways/gateway-store.ts'
import type { Declaration } from '#/gateways/gateway.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { auditOf } from './audited.ts'

/** The audit record of a change of a gateway. */
export const auditGateway = auditOf('gateway')

/** What it is called and where it leads. Arguments may hold secrets, so they are not told. */
export function saidOf({ name, url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return { name, ...(stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }) }
}

/** How many of each kind a server no longer offers; null: it still offers all. Nobody may have asked for that, so records tell it. */
export function goneIn(observation: Observation | null): Readonly<Record<string, number>> | null {
  if (observation?.kind !== 'found') return null
  const { tools, prompts, resources, templates } = observation.diff
  const gone = {
    tools: tools.removed.length,
    prompts: prompts.removed.length,
    resources: resources.removed.length + templates.removed.length,
  }
  return Object.values(gone).some((count) => count > 0) ? gone : null
}
