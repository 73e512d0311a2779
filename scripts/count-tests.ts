import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    /** Why the file failed, where no test of it did. */
    readonly message?: string
    readonly assertionResults: readonly Outcome[]
  }[]
}

interface Outcome {
  readonly status: string
  readonly fullName: string
  readonly failureMessages?: readonly string[]
}

/** How much of a failure is said again at the end, where whoever reads only that finds it. */
const LINES = 12

/**
 * `count-tests.ts REPORTS [FAILED STEP…]`: sums up the reports of a run. A test file that failed without a test, and a report that is missing
 * count as one failure each, and so does a failed step that has no report.
 */
const [folder = '', ...failedSteps] = process.argv.slice(2)
const count = { passed: 0, failed: 0, skipped: 0 }

const parts = globSync('*.expected', { cwd: folder }).map((name) => basename(name, '.expected'))
for (const part of parts) {
  const path = join(folder, `${part}.json`)
  if (existsSync(path)) countReport(JSON.parse(readFileSync(path, 'utf8')) as Report)
  else fail(`${part}: no report`)
}
for (const step of failedSteps) {
  if (!parts.includes(step)) fail(`step ${step}`)
  else if (count.failed === 0) fail(`step ${step} failed although all of its tests passed`)
}

if (count.skipped > 0) console.log(`${count.skipped} skipped`)
console.log(`${count.passed} passed, ${count.failed} failed`)
if (count.failed > 0) process.exitCode = 1

function countReport({ testResults }: Report): void {
  for (const { name, status, message, assertionResults } of testResults) {
    if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed'))
      fail(`${name}: ${message || 'did not run'}`)
    for (const { status: outcome, fullName, failureMessages = [] } of assertionResults) {
      if (outcome === 'passed') count.passed += 1
      else if (outcome === 'failed') fail(`${basename(name)}: ${fullName}${said(failureMessages)}`)
      else count.skipped += 1
    }
  }
}

function fail(what: string): void {
  count.failed += 1
  console.log(`failed: ${what}`)
}

function said(messages: readonly string[]): string {
  return messages
    .flatMap((message) =>
      message
        .split('\n')
        .slice(0, LINES)
        .map((line) => `\n    ${line.slice(0, 300)}`),
    )
    .join('')
}
