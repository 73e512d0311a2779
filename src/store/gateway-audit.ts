import type { Actor } from '#/gateways/gateway-store.ts'
import type { Declaration } from '#/gateways/gateway.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import type { WriteTx } from './store.ts'

interface Audited {
  readonly action: string
  readonly id: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** The audit record of a change of a gateway. */
export function auditGateway(tx: WriteTx, actor: Actor, { action, id, detail }: Audited): void {
  tx.audit({ actor: actor.by, action, targetKind: 'gateway', targetId: id, detail })
}

/** What it is called and where it leads. Arguments may hold secrets, so they are not told. */
export function saidOf({ name, url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return { name, ...(stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }) }
}
