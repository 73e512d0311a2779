import type { Command } from 'commander'
import type { Context } from './context.ts'
import { runLaboratory } from './laboratory.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { gatewayPlace } from './open-api.ts'

interface RunOptions {
  readonly url?: string
  readonly token?: string
  readonly users?: string
  readonly seconds?: string
  readonly ramp?: string
  readonly rate?: string
  readonly processes?: string
  readonly database?: string
  readonly out: string
  readonly json?: boolean
}

/** What the laboratory's program is given as it was said. */
const PASSED = ['users', 'seconds', 'ramp', 'rate', 'processes', 'out'] as const

export function loadCommands(program: Command, context: Context): void {
  const load = program.command('load').description('many users at once, against this or any other MCP gateway')
  loadRun(load, context)
  loadScenarios(load, context)
  loadReport(load, context)
  taught(load, {
    examples: [
      ['a minute of 200 users against the gateway of this machine', 'causeway load run smoke --users 200 --seconds 60'],
      [
        'against any gateway, by its URL and an administrator’s token',
        'causeway load run smoke --url https://mcp.example.com --token TOKEN',
      ],
      ['what there is to run', 'causeway load scenarios'],
    ],
    next: 'it writes results.json, and report.html to look at.',
  })
}

function loadRun(load: Command, context: Context): void {
  const command = load
    .command('run', { isDefault: true })
    .description('run a scenario; what it needs there is made first and removed in the end')
    .argument('[scenario]', 'one of `causeway load scenarios`, or a file', 'smoke')
    .option('--url <url>', 'the gateway, with a path where its MCP endpoint is not /mcp; this machine’s unless said')
    .option('--token <token>', 'an administrator’s token of it; CAUSEWAY_TOKEN or this machine’s unless said')
    .option('--users <n>', 'how many users')
    .option('--seconds <s>', 'how long is measured')
    .option('--ramp <s>', 'within what time the users arrive')
    .option('--rate <n>', 'requests a second, where the scenario says when they come')
    .option('--processes <n>', 'processes that make the load')
    .option(
      '--database <url>',
      'look at the gateway’s PostgreSQL four times a second; CAUSEWAY_LOAD_DATABASE keeps a password out of lists of processes',
    )
    .option('--out <dir>', 'where results.json and report.html go', 'load')
    .option(JSON_OPTION[0], 'print the results as JSON')
    .action(async (scenario: string, options: RunOptions) => {
      const { origin, url, token } = placeOf(options, context)
      const database = options.database ?? context.env['CAUSEWAY_LOAD_DATABASE']
      const args = PASSED.flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]))
      await runLaboratory(context, {
        program: 'main',
        args: [scenario, '--url', url, '--name', origin, ...args, ...(options.json === true ? ['--json'] : [])],
        secrets: { LAB_TOKEN: await token(), ...(database !== undefined && { LAB_DATABASE: database }) },
      })
    })
  taught(command, {
    examples: [
      ['a minute of 200 users', 'causeway load run smoke --users 200 --seconds 60'],
      ['a load of your own', 'causeway load run ./mine.json'],
      [
        'another gateway, its database watched',
        'CAUSEWAY_LOAD_DATABASE=postgres://reader:…@127.0.0.1/mcp causeway load run smoke --url http://127.0.0.1:8080 --token TOKEN',
      ],
    ],
    next: 'exit code 1 says that a request failed, or that an answer was meant for another caller.',
    completes: { scenario: 'file', '--out': 'file' },
  })
}

/** As it was said; the rest is as for the other commands. */
function placeOf(
  { url, token }: RunOptions,
  { env }: Context,
): { origin: string; url: string; token: () => Promise<string> } {
  const said = {
    ...(url !== undefined && { CAUSEWAY_URL: url }),
    ...(token !== undefined && { CAUSEWAY_TOKEN: token }),
  }
  const place = gatewayPlace({ ...env, ...said })
  return { origin: place.origin, url: url ?? place.origin, token: place.token }
}

function loadScenarios(load: Command, context: Context): void {
  const command = load
    .command('scenarios')
    .description('the scenarios there are')
    .option(JSON_OPTION[0], 'print them whole, as JSON: one may begin a scenario of your own')
    .action(async ({ json }: { json?: boolean }) => {
      await runLaboratory(context, { program: 'main', args: ['--list', ...(json === true ? ['--json'] : [])] })
    })
  taught(command, {
    examples: [
      ['what there is to run', 'causeway load scenarios'],
      ['the same as data, to begin a scenario of your own', 'causeway load scenarios --json'],
    ],
  })
}

function loadReport(load: Command, context: Context): void {
  const command = load
    .command('report')
    .description('make a page of the results of one run, or of several beside each other')
    .argument('<results...>', 'what runs have written: results.json')
    .option('--out <file>', 'the page; report.html beside the first unless said')
    .option(JSON_OPTION[0], 'print where it is as JSON')
    .action(async (results: readonly string[], { out, json }: { out?: string; json?: boolean }) => {
      await runLaboratory(context, {
        program: 'report/main',
        args: [...results, ...(out === undefined ? [] : ['--out', out]), ...(json === true ? ['--json'] : [])],
      })
    })
  taught(command, {
    examples: [
      ['the page of a run', 'causeway load report load/results.json'],
      ['two gateways under one scenario', 'causeway load report a/results.json b/results.json --out both.html'],
    ],
    completes: { results: 'file', '--out': 'file' },
  })
}
