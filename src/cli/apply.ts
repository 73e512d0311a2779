import type { Command } from 'commander'
import { ConfigError } from '#/config/config.ts'
import { faultLines, readConfigFile, type ConfigFile } from '#/config/config-file.ts'
import type { DeclaredFile } from '#/declared/read-file.ts'
import type { KeptToken } from '#/declared/token-values.ts'
import type { Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught, type Lesson } from './lesson.ts'
import { working } from './progress.ts'
import { printPlan } from './plan-lines.ts'

interface Options {
  readonly dryRun?: boolean
  readonly prune?: boolean
  readonly json?: boolean
}

export function applyCommand(program: Command, context: Context): void {
  const apply = program
    .command('apply')
    .description('make gateways, virtual servers and tokens be as a file declares')
    .argument('<file>', 'a causeway.yaml; - reads it from standard input')
    .option('--dry-run', 'only show the difference')
    .option('--prune', 'remove what the file declared before and no longer does; never what was made by hand')
    .option(...JSON_OPTION)
    .action(async (path: string, options: Options) => {
      const [file, declared] = await readFile(path, context)
      const { set, kept } = await withValues(context, { file, declared, isOnlyAsked: options.dryRun === true })
      const query = `?dry_run=${options.dryRun === true}&prune=${options.prune === true}`
      const api = await context.api()
      const what = options.dryRun === true ? 'comparing' : `applying ${path}`
      const answer = await working(context.out, what, () =>
        api.json('POST', `/v1/declared${query}`, JSON.stringify(set)),
      )
      if (options.json === true) context.out.print(JSON.stringify({ ...answer, token_files: kept }, null, 2))
      else report(context, answer, kept)
      if (Number(answer['failed']) > 0) throw new CliError('not everything could be done: cure it and apply again')
    })
  taught(apply, LESSON)
  apply.addHelpText('after', FILE)
}

const LESSON: Lesson = {
  examples: [
    ['what would be done, and nothing else', 'causeway apply causeway.yaml --dry-run'],
    ['do it; a second time there is nothing left to do', 'causeway apply causeway.yaml'],
    ['also remove what the file no longer declares', 'causeway apply causeway.yaml --prune'],
  ],
  completes: { file: 'file' },
}

const FILE = `
A file declares gateways, virtual servers and tokens by their names:
  gateways:
    everything: { url: http://127.0.0.1:3001/mcp }
    github: { url: https://api.githubcopilot.com/mcp/, auth_token: '\${GITHUB_TOKEN}' }
  servers:
    dev: { tools: [everything-echo, github-*] }
  tokens:
    ci: { server: dev, permissions: [tools.execute], expires_in_days: 90 }`

async function readFile(path: string, { env, readStdin }: Context): Promise<readonly [ConfigFile, DeclaredFile]> {
  const file = path === '-' ? readConfigFile('stdin', env, await readStdin()) : readConfigFile(path, env)
  const { readDeclared } = await import('#/declared/read-file.ts')
  const { file: declared, faults } = file.yaml.faults.length > 0 ? NOTHING : readDeclared(file.yaml, file.name)
  const lines = faultLines(file.path, [...file.yaml.faults, ...faults])
  if (lines.length > 0 || declared === null) throw new ConfigError(lines, `${file.path} needs attention`)
  return [file, declared]
}

const NOTHING = { file: null, faults: [] } as const

interface Reading {
  readonly file: ConfigFile
  readonly declared: DeclaredFile
  readonly isOnlyAsked: boolean
}

async function withValues({ env }: Context, { file, declared, isOnlyAsked }: Reading) {
  const [{ withTokenHashes }, { readSettings }, { thisMachine }] = await Promise.all([
    import('#/declared/token-values.ts'),
    import('#/config/read-settings.ts'),
    import('#/config/env.ts'),
  ])
  const dataDir = readSettings(env, thisMachine()).values.CAUSEWAY_DATA_DIR
  return await withTokenHashes(declared, { folder: file.folder, dataDir }, isOnlyAsked)
}

function report({ out }: Context, answer: Json, kept: readonly KeptToken[]): void {
  printPlan(out, answer)
  if (answer['dry_run'] === true) return
  for (const { name, path, isNew } of kept) if (isNew) out.print(`the token ${name} is in ${path}`)
}
