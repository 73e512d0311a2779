import { together, type Otherwise } from '#/access/otherwise.ts'
import { dryRunView } from '#/api/dry-run.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Outcome } from './apply.ts'
import type { DeclaredDeps, Plan } from './plan.ts'
import { sideBySide } from './side-by-side.ts'
import type { Applying, Step } from './step.ts'

export interface Foreseen {
  readonly outcomes: readonly Outcome[]
  readonly access: unknown
}

/**
 * Each step is tried by itself; what decides access is all of them at once: what one takes another may give. Where gateways lead is looked
 * up side by side; what else there is to try takes turns at the database. It ends with whoever asks.
 */
export async function foreseen(
  { gateways }: Pick<DeclaredDeps, 'gateways'>,
  { principal: asking, request: { signal } }: Applying,
  { steps }: Plan,
): Promise<Foreseen> {
  const tried = new Map<Step, Otherwise | GatewayError>()
  const attempt = async (step: Step): Promise<void> => {
    signal.throwIfAborted()
    const outcome = await step.outcome().catch(GatewayError.from)
    tried.set(step, outcome)
  }
  const asked = steps.filter(({ kind, action }) => kind === 'gateway' && action !== 'remove')
  await sideBySide(asked, attempt)
  for (const step of steps) if (!tried.has(step)) await attempt(step)
  signal.throwIfAborted()
  const outcomes = steps.map((step) => {
    const came = tried.get(step)
    return { step, ran: null, error: came instanceof GatewayError ? came : null }
  })
  const all = steps.flatMap((step) => {
    const came = tried.get(step)
    return came === undefined || came instanceof GatewayError ? [] : [came]
  })
  const notes = outcomes.flatMap(({ step, error }) => (error === null && step.unknown !== null ? [step.unknown] : []))
  return { outcomes, access: dryRunView(await gateways.foresee(together(all), asking), notes) }
}
