import { GatewayError } from '#/errors/gateway-error.ts'
import type { Changed } from './actor.ts'

/** A name that an operator chose is not quietly changed into another one: taken is a conflict. */
export async function chosenName(kind: 'tool' | 'prompt' | 'resource', update: Promise<Changed | undefined>) {
  try {
    return await update
  } catch (error) {
    if (error instanceof GatewayError && error.data?.['constraint'] === `${kind}s_name`) {
      const message = `${kind === 'tool' ? 'Tool' : 'Prompt'} name already exists`
      throw new GatewayError('conflict', message, { cause: error, field: 'customName' })
    }
    throw error
  }
}
