import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reportHtml } from '../report/report.ts'
import type { Results } from '../results.ts'

export interface Kept {
  readonly results: string
  readonly report: string
}

/** Writes what a run has found into a folder: as data, and as a page for people. */
export function keep(results: Results, folder: string): Kept {
  mkdirSync(folder, { recursive: true })
  const kept = { results: join(folder, 'results.json'), report: join(folder, 'report.html') }
  writeFileSync(kept.results, `${JSON.stringify(results)}\n`)
  writeFileSync(kept.report, reportHtml(results))
  return kept
}
