import type { Command } from 'commander'
import { thisMachine } from '#/config/env.ts'
import { readSettings } from '#/config/read-settings.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import type { KeptToken, WithHashes } from '#/declared/token-values.ts'
import type { Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { printEffects } from './dry-run.ts'
import { JSON_OPTION, taught, type Lesson } from './lesson.ts'
import { printPlan } from './plan-lines.ts'
import { working } from './progress.ts'

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
    .option('--dry-run', 'change nothing: show the difference, and who would gain and who would lose which tool')
    .option('--prune', 'remove what the file declared before and no longer does; never what was made by hand')
    .option(...JSON_OPTION)
    .action(async (path: string, options: Options) => {
      const source = await openFile(path, context)
      const answer = await working(context.out, `applying ${path}`, () => applied(context, source, options))
      if (options.json === true) context.out.print(JSON.stringify(answer, null, 2))
      else report(context, answer)
      if (Number(answer['failed']) > 0)
        throw new CliError(
          options.dryRun === true
            ? 'not all of it could be done: cure it first'
            : 'not everything could be done: cure it and apply again',
        )
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

async function openFile(path: string, { env, readStdin }: Context): Promise<DeclaredSource> {
  const [{ openDeclared }, { readConfigFile }] = await Promise.all([
    import('#/declared/open-file.ts'),
    import('#/config/config-file.ts'),
  ])
  return openDeclared(path === '-' ? readConfigFile('stdin', env, await readStdin()) : readConfigFile(path, env))
}

/** Compared first: only then is it known which tokens have to be made, and nothing is made that is not used. */
async function applied(context: Context, { declared, folder }: DeclaredSource, options: Options): Promise<Json> {
  const { forgetTokens, withTokenHashes } = await import('#/declared/token-values.ts')
  const { CAUSEWAY_DATA_DIR: dataDir } = readSettings(context.env, thisMachine()).values
  const api = await context.api()
  const send = async (isOnlyAsked: boolean, { set }: WithHashes): Promise<Json> => {
    const query = `?dry_run=${isOnlyAsked}&prune=${options.prune === true}`
    return await api.json('POST', `/v1/declared${query}`, JSON.stringify(set))
  }
  const plan = await send(true, await withTokenHashes(declared, { folder, dataDir }, new Set()))
  if (options.dryRun === true) return plan
  const whole = await withTokenHashes(declared, { folder, dataDir }, new Set(tokensOf(plan, 'create', false)))
  const answer = await send(false, whole)
  await forgetTokens(tokensOf(answer, 'remove', true), dataDir)
  return { ...answer, token_files: whole.kept }
}

function tokensOf(answer: Json, wanted: 'create' | 'remove', done: boolean): readonly string[] {
  const steps = answer['steps'] as readonly Json[]
  const fitting = steps.filter((step) => step['kind'] === 'token' && step['action'] === wanted && step['done'] === done)
  return fitting.map(({ name }) => String(name))
}

function report({ out }: Context, answer: Json): void {
  printPlan(out, answer)
  if (answer['access'] !== undefined) {
    out.print('')
    printEffects(out, answer['access'] as Json, 'nobody would gain or lose a tool')
  }
  for (const { name, path, isNew } of (answer['token_files'] ?? []) as readonly KeptToken[])
    if (isNew) out.print(`the token ${name} is in ${path}`)
}
