import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell } from './cells.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

/** What passes in each cell, and from now on must. Only grows. */
export const MUST_PASS = read('scenarios.json') as Readonly<Record<Cell, readonly string[]>>

interface Expected {
  readonly reason: string
  readonly scenarios: readonly string[]
}

const EXPECTED = read('expected-failures.json') as Readonly<Record<string, Expected>>

/** Why a required scenario may fail, or undefined where it may not. */
export function reasonFor(scenario: string): string | undefined {
  return Object.values(EXPECTED).find(({ scenarios }) => scenarios.includes(scenario))?.reason
}
