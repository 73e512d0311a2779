import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell } from './cells.ts'
import type { ScenarioResult } from './suite.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

/** What passes in each cell, and from now on must. Only grows. */
export const MUST_PASS = read('scenarios.json') as Readonly<Record<Cell, readonly string[]>>

interface Expected {
  readonly reason: string
  readonly scenarios: readonly string[]
}

interface ExpectedChecks {
  readonly reason: string
  readonly checks: readonly string[]
}

const EXPECTED = read('expected-failures.json') as {
  /** Scenarios that may fail in every cell, by what they need. */
  readonly scenarios: Readonly<Record<string, Expected>>
  /** Single checks of a scenario that may fail in one cell. */
  readonly checks: Partial<Readonly<Record<Cell, Readonly<Record<string, ExpectedChecks>>>>>
}

/** Why a scenario may fail, or undefined where it may not. */
export function reasonFor(scenario: string): string | undefined {
  return Object.values(EXPECTED.scenarios).find(({ scenarios }) => scenarios.includes(scenario))?.reason
}

/** The failures of a scenario that have no excuse in this cell. */
export function unexcused(cell: Cell, { scenario, failures }: ScenarioResult): readonly string[] {
  const excused = EXPECTED.checks[cell]?.[scenario]?.checks ?? []
  return failures.filter((failure) => !excused.includes(failure.slice(0, failure.indexOf(':'))))
}
