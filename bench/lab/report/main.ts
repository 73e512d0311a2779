import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { reportHtml } from './report.ts'
import { NotResults, readResults } from './results-file.ts'

const HELP = `node bench/lab/report/main.ts RESULTS.json [MORE.json …] [--out FILE]

Makes a page of what a run of the load laboratory has found. Several runs lie beside each other on the same axes, so that
two gateways under one scenario can be compared. The page is one file that asks no network for anything.

  --out FILE    where the page goes (default: report.html beside the first results)`

function report([first, ...more]: readonly string[], out: string | undefined, json: boolean): void {
  if (first === undefined) throw new NotResults('which run? Name the results.json that it has written.')
  const html = reportHtml(readResults(first), ...more.map(readResults))
  const file = out ?? join(dirname(first), 'report.html')
  writeFileSync(file, html)
  console.log(json ? JSON.stringify({ file }) : file)
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  if (values.help) console.log(HELP)
  else report(positionals, values.out, values.json)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
