import type { Principal } from '#/access/principal.ts'
import type { RequestContext } from './endpoint.ts'

/** Who made or changed a thing, and how they came in. Stored beside it as JSON. */
export interface Provenance {
  readonly by: string
  readonly via: string
  readonly fromIp: string | null
  readonly userAgent: string | null
}

export function provenanceOf(principal: Principal, request: RequestContext): Provenance {
  return { by: principal.email, via: request.via, fromIp: request.fromIp, userAgent: request.userAgent }
}

/** What every entity says of its making, in the order clients expect. Federated items say what they came from. */
export function auditFields(entity: {
  readonly created: Partial<Provenance>
  readonly modified: Partial<Provenance>
  readonly version: number
  readonly federationSource?: string | null
}): Record<string, unknown> {
  const { created, modified } = entity
  return {
    createdBy: created.by ?? null,
    createdFromIp: created.fromIp ?? null,
    createdVia: created.via ?? null,
    createdUserAgent: created.userAgent ?? null,
    modifiedBy: modified.by ?? null,
    modifiedFromIp: modified.fromIp ?? null,
    modifiedVia: modified.via ?? null,
    modifiedUserAgent: modified.userAgent ?? null,
    importBatchId: null,
    federationSource: entity.federationSource ?? null,
    version: entity.version,
  }
}
