import { Type } from '#/api/type.ts'
import type { Principal } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { liveOwn } from '#/tokens/create-token.ts'
import { rightsOf } from '#/tokens/token.ts'
import { applyPlan, type Outcome } from './apply.ts'
import { DeclaredSet } from './declared-input.ts'
import { planSet, wholeSet, type DeclaredDeps, type Plan } from './plan.ts'
import { foreseen } from './foreseen.ts'
import type { Applying } from './step.ts'

const Text = Type.Union([Type.String(), Type.Null()])

const StepView = Type.Object(
  {
    action: Type.String({ description: 'create, change or remove' }),
    kind: Type.String({ description: 'gateway, server or token' }),
    name: Type.String(),
    id: Text,
    changes: Type.Array(Type.Object({ field: Type.String(), from: Type.Unknown(), to: Type.Unknown() })),
    done: Type.Boolean(),
    note: Text,
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  },
  { title: 'DeclaredStep' },
)

export const DeclaredView = Type.Object(
  {
    set: Type.String(),
    dry_run: Type.Boolean(),
    steps: Type.Array(StepView),
    unchanged: Type.Integer(),
    failed: Type.Integer(),
    left: Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), id: Type.String() })),
    access: Type.Optional(
      Type.Unknown({
        description: 'Of a dry run: who would gain and who would lose which tool, as a dry run of each change says it',
      }),
    ),
  },
  { title: 'Declared', description: 'What differed from the declaration, and what was done about it' },
)

/** The route of declarations. */
export function declaredEndpoints(deps: DeclaredDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /declared',
      permission: 'admin.system_config',
      tag: 'declared',
      summary: 'Make gateways, virtual servers and tokens be as declared',
      description:
        'Compares what is declared with what there is and does the difference; what is as declared is not touched. All of it is checked first. Each step needs the permission that doing it by hand would need, and one that fails does not keep the others from being done.',
      query: Type.Object({
        dry_run: Type.Optional(
          Type.Boolean({ description: 'Only say what would be done, and who would gain and lose which tool by it' }),
        ),
        prune: Type.Optional(
          Type.Boolean({ description: 'Remove what the same set declared before and no longer does' }),
        ),
      }),
      body: DeclaredSet,
      reply: DeclaredView,
      reachesBackend: true,
      handle: async ({ body, query, principal, request }) => {
        const set = wholeSet(body)
        const applying = { principal, held: await heldBy(deps, principal), set: set.set, request }
        const plan = await planSet(deps, applying, { set, prune: query.prune === true })
        if (query.dry_run !== true)
          return { body: { ...declaredView(applying, plan, await applyPlan(deps, applying, plan)), dry_run: false } }
        const { outcomes, access } = await foreseen(deps, applying, plan)
        return { body: { ...declaredView(applying, plan, outcomes), dry_run: true, access } }
      },
    }),
  ]
}

/** The snapshot may be a moment behind: what decides is the token as it is stored now. */
async function heldBy({ tokens }: DeclaredDeps, principal: Principal): Promise<Applying['held']> {
  const before = await tokens.store.before({
    ownId: principal.tokenId,
    targetId: null,
    serverId: null,
    by: principal.visibilityClass,
  })
  return rightsOf(liveOwn(before, principal))
}

function declaredView(
  { set }: Pick<Applying, 'set'>,
  { steps, left }: Plan,
  all: readonly Outcome[],
): Record<string, unknown> {
  const shown = all.filter(
    ({ step, ran, error }) => step.action !== 'keep' || error !== null || (ran?.note ?? step.note) !== null,
  )
  return {
    set,
    steps: shown.map(({ step: { action, kind, name, id, changes, note }, ran, error }) => ({
      action,
      kind,
      name,
      id: ran?.id ?? id,
      changes,
      done: ran !== null,
      note: ran?.note ?? note,
      error: error === null ? null : error.toPublic(),
    })),
    unchanged: steps.filter(({ action }) => action === 'keep').length,
    failed: all.filter(({ error }) => error !== null).length,
    left: left.map(({ kind, name, id }) => ({ kind, name, id })),
  }
}
