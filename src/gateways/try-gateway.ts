import { Type } from '#/api/type.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Discovery } from './discovery.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { look } from './look.ts'
import { refreshable } from './refresh.ts'

const Count = Type.Union([Type.Integer(), Type.Null()])
const Text = Type.Union([Type.String(), Type.Null()])

export const TrialView = Type.Object(
  {
    gatewayId: Type.String(),
    success: Type.Boolean(),
    error: Text,
    era: Text,
    protocolVersion: Text,
    evidence: Text,
    stateful: Type.Union([Type.Boolean(), Type.Null()]),
    serverInfo: Type.Unknown(),
    capabilities: Type.Unknown(),
    found: Type.Object(
      { tools: Count, prompts: Count, resources: Count, resourceTemplates: Count },
      { description: 'null: the list broke off' },
    ),
    problems: Type.Array(Type.String()),
    steps: Type.Array(Type.Object({ step: Type.String(), atMs: Type.Number() })),
    durationMs: Type.Number(),
  },
  { title: 'Trial' },
)

interface Step {
  readonly step: string
  readonly atMs: number
}

/** Asks a gateway's upstream everything that a discovery asks and stores nothing. A failure is an answer, not an error. */
export async function tryGateway(
  deps: Pick<GatewayDeps, 'discoverer' | 'sealer'>,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const began = performance.now()
  const elapsed = (): number => Math.round((performance.now() - began) * 10) / 10
  const steps: Step[] = []
  const progress = (step: string): void => void steps.push({ step, atMs: elapsed() })
  const result = await outcome(() => look(deps.discoverer, refreshable(deps, gateway).target, { signal, progress }))
  return { gatewayId: gateway.id, ...result, steps, durationMs: elapsed() }
}

async function outcome(ask: () => ReturnType<typeof look>): Promise<Record<string, unknown>> {
  try {
    const looked = await ask()
    return looked.kind === 'found' ? described(looked.discovery) : failed(looked.error)
  } catch (cause) {
    const error = GatewayError.from(cause)
    if (error.code !== 'invalid_field' && error.code !== 'forbidden_address') throw error
    return failed(error.message)
  }
}

function described(found: Discovery): Record<string, unknown> {
  return {
    success: true,
    error: null,
    era: found.era,
    protocolVersion: found.revision,
    evidence: found.evidence,
    stateful: found.stateful,
    serverInfo: found.serverInfo === null ? null : exactJson(found.serverInfo),
    capabilities: exactJson(found.capabilities),
    found: {
      tools: found.tools?.length ?? null,
      prompts: found.prompts?.length ?? null,
      resources: found.resources?.length ?? null,
      resourceTemplates: found.templates?.length ?? null,
    },
    problems: found.problems,
  }
}

function failed(error: string): Record<string, unknown> {
  return {
    success: false,
    error,
    era: null,
    protocolVersion: null,
    evidence: null,
    stateful: null,
    serverInfo: null,
    capabilities: null,
    found: { tools: null, prompts: null, resources: null, resourceTemplates: null },
    problems: [],
  }
}
