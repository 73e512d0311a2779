import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { CELLS, requirementsOf, runCell, startFixture, upstreamOf } from './cells.ts'
import { MUST_PASS, reasonFor, unexcused } from './lists.ts'
import { requiredScenarios, runSuite, scenariosFor } from './suite.ts'

const failed = (results: Awaited<ReturnType<typeof runSuite>>) =>
  Object.fromEntries(
    results.filter((each) => each.failures.length > 0).map(({ scenario, failures }) => [scenario, failures]),
  )

describe('the fixtures themselves', () => {
  test.each(['2025-11-25 to legacy', '2026-07-28 to modern'] as const)('%s', async (cell) => {
    await using fixture = await startFixture(upstreamOf(cell))
    const required = await requiredScenarios(requirementsOf(cell))
    const results = (await runSuite(fixture.url, requirementsOf(cell))).filter(({ scenario }) =>
      required.includes(scenario),
    )
    expect(failed(results)).toEqual({})
    expect(results.map(({ scenario }) => scenario)).toEqual(required)
  })
})

describe('through the gateway', () => {
  let gateway: RunningGateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(async () => await gateway.stop())

  test.each(CELLS)('%s', { timeout: 120_000 }, async (cell) => {
    const results = await runCell(gateway, cell)
    const must = results.filter(({ scenario }) => MUST_PASS[cell].includes(scenario))
    const without = must.map((each) => ({ ...each, failures: unexcused(cell, each) }))
    expect(failed(without)).toEqual({})
    expect(must.map(({ scenario }) => scenario).toSorted()).toEqual([...MUST_PASS[cell]].toSorted())
  })
})

test.each(CELLS)('every scenario that the suite has for %s must pass or has a reason', async (cell) => {
  const all = [...(await scenariosFor(requirementsOf(cell))), ...(await requiredScenarios(requirementsOf(cell)))]
  expect(all).toContain('json-schema-2020-12')
  const unexplained = all.filter((scenario) => !MUST_PASS[cell].includes(scenario) && reasonFor(scenario) === undefined)
  expect(unexplained).toEqual([])
})
