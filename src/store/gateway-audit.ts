import type { Observation } from '#/gateways/gateway-store.ts'
import type { Declaration } from '#/gateways/gateway.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { auditOf } from './audited.ts'
import { changesOf, type Changes, type Fields } from './changes-of.ts'

/** The audit record of a change of a gateway. */
export const auditGateway = auditOf('gateway')

/** What it is called and where it leads. Arguments may hold secrets, so they are not told. */
export function saidOf({ name, url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return { name, ...(stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }) }
}

/** Of a gateway that is made: whose eyes it is for, too. */
export function madeOf(declaration: Declaration): Readonly<Record<string, unknown>> {
  const { visibility, teamId } = declaration
  return { ...saidOf(declaration), visibility, teamId }
}

/** What a record tells of before and after; of all else that a declaration says it tells the names. */
export const DECLARED = { name: 'name', url: 'url', visibility: 'visibility', teamId: 'team_id' }

export function changesIn(
  before: Fields,
  { name, url, visibility, teamId }: Declaration,
): { readonly changes?: Changes } {
  const shown = (value: unknown): string | null => (typeof value === 'string' ? shownUrl(value) : null)
  const was = { ...before, url: shown(before['url']) }
  const { changes } = changesOf(was, { name, url: shown(url), visibility, teamId })
  return Object.keys(changes).length === 0 ? {} : { changes }
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
