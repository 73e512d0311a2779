import { GatewayError } from '#/errors/gateway-error.ts'
import { nameTaken } from './name-taken.ts'
import type { Changed } from './actor.ts'

/** A name that an operator chose is not quietly changed into another one: taken is a conflict. */
export async function chosenName(kind: 'tool' | 'prompt' | 'resource', update: Promise<Changed | undefined>) {
  try {
    return await update
  } catch (error) {
    const constraint = error instanceof GatewayError ? error.data?.['constraint'] : undefined
    if (constraint === `${kind}s_name`) throw nameTaken('customName', error)
    if (constraint === 'resources_local') throw nameTaken('uri', error)
    throw error
  }
}
