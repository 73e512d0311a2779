import { GatewayError } from '#/errors/gateway-error.ts'
import type { DeclaredDeps, Plan } from './plan.ts'
import { sideBySide } from './side-by-side.ts'
import type { Applying, Kind, Ran, Step } from './step.ts'

/** A step that was done, or why it was not. */
export interface Outcome {
  readonly step: Step
  readonly ran: Ran | null
  readonly error: GatewayError | null
}

/**
 * Does what is planned: gateways, then the virtual servers that select from them, then tokens, then removals. A step that fails does
 * not keep the others from being done: applying the same set again goes on from there.
 */
export async function applyPlan(deps: DeclaredDeps, applying: Applying, { steps }: Plan): Promise<readonly Outcome[]> {
  const wanted = (kind: Kind) => steps.filter((step) => step.kind === kind && step.action !== 'remove')
  const rounds = [wanted('gateway'), wanted('server'), wanted('token')]
  const outcomes = new Map<Step, Outcome>()
  for (const round of [...rounds, ...steps.filter(({ action }) => action === 'remove').map((step) => [step])])
    await sideBySide(round, async (step) => void outcomes.set(step, await outcomeOf(deps, applying, step)))
  return steps.map((step) => outcomes.get(step) ?? { step, ran: null, error: null })
}

async function outcomeOf(deps: DeclaredDeps, applying: Applying, step: Step): Promise<Outcome> {
  if (step.action === 'keep') return { step, ran: { id: step.id ?? '', note: step.note }, error: null }
  try {
    applying.request.signal.throwIfAborted()
    const ran = await step.run()
    const { set, principal } = applying
    if (step.action !== 'remove') await deps.store.mark({ kind: step.kind, id: ran.id, set, by: principal.email })
    return { step, ran, error: null }
  } catch (error) {
    return { step, ran: null, error: GatewayError.from(error) }
  }
}
