import type { Fixture } from '../fixtures/legacy-server.ts'
import { startLegacyFixture } from '../fixtures/legacy-server.ts'
import { startModernFixture } from '../fixtures/modern-server.ts'
import { startSseFront } from '../fixtures/sse-front.ts'
import { startForwarder } from '../support/forwarder.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { runSuite, type RequirementSet, type ScenarioResult } from './suite.ts'

/** The client's revision, then the upstream's era. */
export const CELLS = [
  '2025-11-25 to legacy',
  '2025-11-25 to modern',
  '2026-07-28 to legacy',
  '2026-07-28 to modern',
] as const
export type Cell = (typeof CELLS)[number]

export const requirementsOf = (cell: Cell): RequirementSet => cell.slice(0, 10) as RequirementSet
export const upstreamOf = (cell: Cell): 'legacy' | 'modern' => (cell.endsWith('legacy') ? 'legacy' : 'modern')

export const startFixture = (era: 'legacy' | 'modern'): Promise<Fixture> =>
  era === 'legacy' ? startLegacyFixture() : startModernFixture()

/** The suite, through the gateway's endpoint of one upstream, where names are as the upstream gave them. */
export async function runCell(
  gateway: RunningGateway,
  cell: Cell,
  over: 'http' | 'sse' = 'http',
): Promise<ScenarioResult[]> {
  await using fixture = await startFixture(upstreamOf(cell))
  await using front = over === 'sse' ? await startSseFront(fixture.url) : null
  const { id } = await gateway.register(cell.replaceAll(' ', '-'), (front ?? fixture).url)
  await using forwarder = await startForwarder(`${gateway.url}/gateways/${id}/mcp`, gateway.token)
  const results = await runSuite(forwarder.url, requirementsOf(cell))
  await gateway.api('DELETE', `/v1/gateways/${id}`)
  return results
}
