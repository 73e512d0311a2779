import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Scenario } from '../scenario.ts'
import { readScenario, ScenarioError, type Overrides } from './read-scenario.ts'

const FOLDER = join(import.meta.dirname, '../scenarios')

export function scenarioNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .toSorted()
}

/** One of the laboratory's own by its name, or a file by its path. */
export function findScenario(named: string, overrides: Overrides = {}): Scenario {
  const isFile = /[/\\]|\.json$/.test(named)
  if (!isFile && !scenarioNames().includes(named))
    throw new ScenarioError(
      `there is no scenario ${named}: it must be one of ${scenarioNames().join(', ')}, or the path of a file (./mine.json)`,
    )
  const file = isFile ? named : join(FOLDER, `${named}.json`)
  return readScenario(contents(file), { ...overrides, name: basename(file, '.json').replaceAll(/[^\w-]/g, '-') })
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ScenarioError(`the scenario ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
