import { parseArgs } from 'node:util'
import { startGateway } from '../support/gateway.ts'
import { CELLS, requirementsOf, runCell, startFixture, upstreamOf, type Cell } from './cells.ts'
import { MUST_PASS, unexcused } from './lists.ts'
import { requiredScenarios, runSuite, type ScenarioResult } from './suite.ts'

const HELP = `node test/conformance/run.ts [--direct | --sse]

Runs the official conformance suite through a gateway of its own, in the four cells of client revision and upstream
era, and prints what passed of what the revision requires. --direct asks the fixtures without a gateway.
--sse asks the legacy one through the gateway over HTTP+SSE (2024-11-05).`

async function report(cell: Cell, results: readonly ScenarioResult[], must: readonly string[]): Promise<boolean> {
  const required = await requiredScenarios(requirementsOf(cell))
  const passed = results.filter((each) => each.passed).map((each) => each.scenario)
  const fine = results.filter((each) => unexcused(cell, each).length === 0).map((each) => each.scenario)
  const missing = must.filter((scenario) => !fine.includes(scenario))
  const count = required.filter((scenario) => passed.includes(scenario)).length
  console.log(
    `${cell.padEnd(22)} ${count}/${required.length} of the required set, ${must.length - missing.length}/${must.length} of those that must pass`,
  )
  for (const scenario of missing) {
    const found = results.find((each) => each.scenario === scenario)
    const failures = found ? unexcused(cell, found) : ['did not run']
    for (const failure of failures) console.log(`  ✗ ${scenario}: ${failure}`)
  }
  const more = required.filter((scenario) => passed.includes(scenario) && !must.includes(scenario))
  if (more.length > 0) console.log(`  + also passes: ${more.join(', ')}`)
  return missing.length === 0
}

async function direct(): Promise<boolean> {
  let whole = true
  for (const cell of ['2025-11-25 to legacy', '2026-07-28 to modern'] as const) {
    await using fixture = await startFixture(upstreamOf(cell))
    const results = await runSuite(fixture.url, requirementsOf(cell))
    whole = (await report(cell, results, await requiredScenarios(requirementsOf(cell)))) && whole
  }
  return whole
}

async function throughGateway(over: 'http' | 'sse'): Promise<boolean> {
  await using gateway = await startGateway()
  let whole = true
  for (const cell of CELLS.filter((each) => over === 'http' || upstreamOf(each) === 'legacy'))
    whole = (await report(cell, await runCell(gateway, cell, over), MUST_PASS[cell])) && whole
  return whole
}

const { values } = parseArgs({
  options: { direct: { type: 'boolean' }, sse: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) console.log(HELP)
else if (!(await (values.direct ? direct() : throughGateway(values.sse ? 'sse' : 'http')))) process.exitCode = 1
