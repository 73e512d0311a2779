import { conduct } from '../../bench/lab/conductor/conduct.ts'
import type { Results, Tick } from '../../bench/lab/results.ts'
import type { Run } from '../../bench/lab/run.ts'
import { readScenario } from '../../bench/lab/scenario-file/read-scenario.ts'
import type { Scenario } from '../../bench/lab/scenario.ts'
import type { Site } from '../../bench/lab/site.ts'

/** A short load of a few users who ask for everything that MCP offers. */
export const shortLoad = (changes: Partial<Scenario> = {}): Scenario =>
  readScenario(
    JSON.stringify({
      loop: { kind: 'closed', users: 50, thinkSeconds: [0.1, 0.4] },
      rampSeconds: 1,
      seconds: 4,
      mix: [
        { request: 'call', share: 60, at: 'aggregate' },
        { request: 'list', share: 20, at: 'aggregate' },
        { request: 'read', share: 10, at: 'aggregate' },
        { request: 'prompt', share: 10, at: 'aggregate' },
      ],
      delays: [{ share: 100, seconds: [0.01, 0.2] }],
      patienceSeconds: 20,
      ...changes,
    }),
    { name: 'short' },
  )

/** One server of the simulator, asked without a gateway between. */
export const bareSite = (origin: string, path = '/either/alone/mcp'): Site => ({
  name: 'bare',
  origin,
  version: null,
  tokens: [],
  doors: {
    aggregate: [{ path, tools: ['wait'], prompts: ['wait'], resources: ['lab://alone/wait/{ms}/{canary}'] }],
  },
  clients: ['legacy', 'modern'],
})

const never = new AbortController().signal

export async function run(
  site: Site,
  scenario: Scenario,
  more: Partial<Run> = {},
): Promise<{ results: Results; ticks: readonly Tick[] }> {
  const ticks: Tick[] = []
  const results = await conduct({
    scenario,
    site,
    relay: null,
    processes: 1,
    database: null,
    gateway: null,
    stop: never,
    ...more,
    progress: (tick) => {
      ticks.push(tick)
      more.progress?.(tick)
    },
  })
  return { results, ticks }
}

export const answered = ({ ticks }: Results): number => ticks.reduce((sum, tick) => sum + tick.answered, 0)
export const failedOf = ({ ticks }: Results): number => ticks.reduce((sum, tick) => sum + tick.failed, 0)
