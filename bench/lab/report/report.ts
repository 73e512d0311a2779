import type { Results } from '../results.ts'
import { databaseSection } from './database-section.ts'
import { failuresSection } from './failures-section.ts'
import { kindsTable } from './kinds-table.ts'
import { markup, type Markup } from './markup.ts'
import { page } from './page.ts'
import { plotsSection } from './plots-section.ts'
import { named, type Run } from './run.ts'
import { loadInWords, machineSection, scenarioSection, writtenOut } from './scenario-section.ts'
import { verdictTable, verdictTiles } from './verdicts-section.ts'

/** Later than this at p99, generators measure themselves. */
const LATE_MS = 50

const late = ({ name, results: { generators } }: Run): Markup | null =>
  generators.loopDelayP99Ms <= LATE_MS
    ? null
    : markup`<p class="warning">${name}: the generators themselves were ${Math.round(generators.loopDelayP99Ms)} ms late at p99. What is quicker than that measures them.</p>`

function differing(runs: readonly Run[]): Markup | null {
  const kinds = new Set(runs.map(({ results }) => writtenOut(results.scenario)))
  return kinds.size === 1
    ? null
    : markup`<p class="warning">These runs are not of the same scenario: compare with care.</p>`
}

/** The same section of every run; under the name of each where there are several. */
const each = (runs: readonly Run[], section: (results: Results) => Markup): Markup =>
  runs.length === 1
    ? markup`${runs.map(({ results }) => section(results))}`
    : markup`<div class="columns">${runs.map(({ name, results }) => markup`<section><h3>${name}</h3>${section(results)}</section>`)}</div>`

function body(runs: readonly Run[], [first]: readonly [Results, ...Results[]]): Markup {
  const facts = runs.map(
    ({ name, results }) => markup`<span><b>${name}</b> ${loadInWords(results)}</span><span>${results.beganAt}</span>`,
  )
  return markup`<h1>${runs.map(({ name }) => name).join(' and ')} under “${first.scenario.name}”</h1>
<p class="about">${first.scenario.about}</p>
<p class="facts">${facts}</p>
${differing(runs)}${runs.map(late)}${runs.length === 1 ? verdictTiles(first) : verdictTable(runs)}
<h2>Over time</h2>
${plotsSection(runs)}
<h2>By kind of request</h2>
${kindsTable(runs)}
<h2>Database connections</h2>
${each(runs, ({ database }) => databaseSection(database))}
<h2>Failures</h2>
${each(runs, failuresSection)}
<h2>The scenario</h2>
${each(runs, scenarioSection)}
<h2>The machine</h2>
${each(runs, machineSection)}`
}

/** A run as a page for people; of several, a page that compares them. */
export function reportHtml(...all: readonly [Results, ...Results[]]): string {
  const runs = named(all)
  return page(runs.map(({ name }) => name).join(' and '), body(runs, all))
}
