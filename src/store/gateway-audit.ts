import type { Declaration } from '#/gateways/gateway.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { auditOf } from './audited.ts'

/** The audit record of a change of a gateway. */
export const auditGateway = auditOf('gateway')

/** What it is called and where it leads. Arguments may hold secrets, so they are not told. */
export function saidOf({ name, url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return { name, ...(stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }) }
}
