import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundingTable } from '../bench/founding/table.ts'
import { plotSvg } from '../bench/lab/report/picture.ts'
import type { Which } from '../bench/lab/report/plots.ts'
import { readResults } from '../bench/lab/report/results-file.ts'

// Puts what `npm run load:founding` has found into the documentation: node scripts/founding-page.ts out/founding/results.json

const ROOT = join(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/concepts/how-causeway-treats-your-database.md')
const PICTURES = join(ROOT, 'docs/pictures')
const BETWEEN = /(<!-- founding: [^\n]* -->\n)[\s\S]*(\n<!-- \/founding -->)/

const SHOWN: Readonly<Partial<Record<Which, string>>> = {
  connections: 'Connections to the database, by state',
  transaction: 'The oldest transaction',
  added: 'What the gateway adds to a request',
  lists: 'Lists while the calls wait',
  flight: 'Requests in flight, and users',
  memory: 'Memory',
}

const MARK = { goal: 'goal', must: 'must', missed: 'missed' } as const

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('which run? node scripts/founding-page.ts out/founding/results.json')
const results = readResults(file)
mkdirSync(PICTURES, { recursive: true })
for (const which of Object.keys(SHOWN) as Which[])
  writeFileSync(join(PICTURES, `founding-${which}.svg`), plotSvg(results, which))

const rows = foundingTable(results).map(({ figure, must, goal, measured, met }) => {
  const reached = met === undefined || met === 'title' ? '' : MARK[met]
  return `| ${figure} | ${must} | ${goal} | ${measured} | ${reached} |`
})
const minutes = Math.round(results.measuredSeconds / 60)
const { cores, cpu } = results.machine
const written = [
  `${results.scenario.loop.users.toLocaleString('en')} users, ${minutes} minutes measured, ${results.beganAt.slice(0, 10)}, ${cores} cores (${cpu}):`,
  '',
  '| figure | must | goal | measured | reached |',
  '| --- | --- | --- | --- | --- |',
  ...rows,
  '',
  ...Object.entries(SHOWN).map(([which, about]) => `![${about}](../pictures/founding-${which}.svg)`),
].join('\n')
const page = readFileSync(PAGE, 'utf8')
if (!BETWEEN.test(page)) throw new Error(`${PAGE} has no place for it`)
writeFileSync(
  PAGE,
  page.replace(BETWEEN, (_, before: string, after: string) => `${before}\n${written}\n${after}`),
)
console.log(`${PAGE}: run npx prettier --write on it`)
