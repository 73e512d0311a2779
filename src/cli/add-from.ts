import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { CLIENTS, isClientName } from '#/clients/clients.ts'
import { openConfig } from '#/clients/config-file.ts'
import { readConfig, type Values } from '#/clients/config-text.ts'
import { variableOf, type Missing } from '#/clients/fill-in.ts'
import { gatewayBody, gatewayName, isSameWay, shownWay } from '#/clients/gateway-body.ts'
import { isOwnEntry } from '#/clients/own-entry.ts'
import { questionsOf, readServers, type FoundServer } from '#/clients/read-servers.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { surroundings } from './client-list.ts'
import type { Context } from './context.ts'
import { explainingFaults } from './file-errors.ts'
import { working } from './progress.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

export interface FromOptions {
  readonly only?: readonly string[]
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** What becomes of one server of the file. */
interface Outcome {
  readonly name: string
  readonly where: string
  state: 'new' | 'skipped' | 'added' | 'pending' | 'failed'
  note: string
  readonly body: Record<string, unknown> | undefined
}

/** Takes over the servers of a client's configuration: a file, or a client by its name. One that is broken does not stop the others. */
export async function addFrom(given: string, options: FromOptions, context: Context): Promise<void> {
  const { out } = context
  const { config, path } = await explainingFaults(() => configOf(given, context))
  const api = await context.api()
  const found = await foundIn(config, path, { context, options })
  const outcomes = outcomesOf(found, await api.all('/v1/gateways?include_inactive=true', 'gateways'), { api, options })
  if (options.json !== true) printPlan(outcomes, context)
  if (options.dryRun !== true) for (const outcome of outcomes) await add(outcome, api, context)
  if (options.json === true)
    out.print(JSON.stringify({ file: path, servers: outcomes.map(({ body: _body, ...shown }) => shown) }, null, 2))
  else if (options.dryRun === true) out.print('Nothing has been added.')
  finish(outcomes, options)
}

async function configOf(given: string, { env }: Context): Promise<{ readonly config: Values; readonly path: string }> {
  const named = isClientName(given) ? CLIENTS[given].file('user', surroundings(env)) : null
  const file = await openConfig(resolve(named ?? given))
  if (!file.exists) throw new CliError(`there is no file ${file.path}`, { code: 'file' })
  return { config: readConfig(file.text, file.path), path: file.path }
}

interface Job {
  readonly context: Context
  readonly options: FromOptions
}

async function foundIn(config: Values, path: string, { context, options }: Job): Promise<readonly FoundServer[]> {
  const inputs = new Map<string, string>()
  const { home } = surroundings(context.env)
  const folder = dirname(path)
  // .vscode/mcp.json and the like are for the folder above.
  const project = basename(folder).startsWith('.') && folder !== home ? dirname(folder) : folder
  const readText = (file: string): string => readFileSync(resolve(project, file), 'utf8')
  const read = (): readonly FoundServer[] => {
    const found = readServers(config, { env: context.env, inputs, project, home, readText })
    if (found === undefined)
      throw new CliError(`${path} names no MCP servers: they stand under mcpServers, servers or mcp_servers`, {
        code: 'file',
      })
    return chosen(found, options.only)
  }
  const found = read()
  if (options.dryRun === true || !context.keyboard.present) return found
  const questions = questionsOf(config)
  const asked = new Set(
    found.flatMap(({ missing }) => missing).flatMap(({ kind, name }) => (kind === 'input' ? [name] : [])),
  )
  for (const id of asked) {
    const { text, secret } = questions.get(id) ?? { text: id, secret: true }
    const ask = secret ? context.keyboard.askSecret : context.keyboard.ask
    inputs.set(id, await ask(`${plainText(text)}: `))
  }
  return asked.size === 0 ? found : read()
}

function chosen(found: readonly FoundServer[], only: readonly string[] | undefined): readonly FoundServer[] {
  const unknown = (only ?? []).filter((name) => !found.some((one) => one.name === name))
  if (unknown.length > 0)
    throw new CliError(
      `there is no server ${unknown.join(', ')} in it: it has ${found.map(({ name }) => name).join(', ')}`,
    )
  return only === undefined ? found : found.filter(({ name }) => only.includes(name))
}

interface Known {
  readonly api: Api
  readonly options: FromOptions
}

function outcomesOf(
  found: readonly FoundServer[],
  there: readonly Json[],
  { api, options }: Known,
): readonly Outcome[] {
  const taken = Map.groupBy(there, (gateway) => plainText(gateway['name']).toLowerCase())
  return found.map((server) => {
    const { way, problem, missing } = server
    const name = gatewayName(server.name)
    const outcome = {
      name,
      where: way === undefined ? '' : plainText(shownWay(way)),
      body: way && gatewayBody(name, way),
    }
    const same = taken.get(name.toLowerCase())
    if (problem !== undefined) return { ...outcome, state: 'failed', note: problem }
    if (isOwnEntry(server.entry, api.url)) return { ...outcome, state: 'skipped', note: 'this gateway itself' }
    if (server.disabled && options.only === undefined)
      return { ...outcome, state: 'skipped', note: `switched off in the file; --only ${server.name} takes it` }
    if (same !== undefined) return { ...outcome, state: 'skipped', note: takenNote(same, way) }
    taken.set(name.toLowerCase(), [{}])
    if (missing.length > 0) return { ...outcome, state: 'failed', note: missingNote(missing) }
    return { ...outcome, state: 'new', note: name === server.name ? '' : `called ${JSON.stringify(server.name)} there` }
  })
}

function takenNote(same: readonly Json[], way: FoundServer['way']): string {
  return way !== undefined && same.some((one) => isSameWay(one, way))
    ? 'there already'
    : 'the name is taken by another server'
}

function missingNote(missing: readonly Missing[]): string {
  const names = missing.map(({ kind, name }) => (kind === 'input' ? variableOf(name) : name))
  return `needs ${[...new Set(names)].join(', ')}: set ${names.length === 1 ? 'it' : 'them'} in the environment`
}

function printPlan(outcomes: readonly Outcome[], { out }: Context): void {
  const rows = outcomes.map(({ name, where, state, note }) => [name, state === 'new' ? 'to add' : state, where, note])
  for (const line of tableLines(['NAME', 'STATE', 'WHERE', 'NOTE'], rows, out)) out.print(line)
}

async function add(outcome: Outcome, api: Api, { out }: Context): Promise<void> {
  if (outcome.state !== 'new') return
  try {
    const sent = JSON.stringify(outcome.body)
    const made = await working(out, `connecting to ${outcome.name}`, () => api.json('POST', '/v1/gateways', sent))
    const isPending = made['status'] === 'pending'
    outcome.state = isPending ? 'pending' : 'added'
    outcome.note = isPending
      ? `it does not answer yet: ${plainText(made['lastError'])}`
      : `${plainText(made['toolCount'])} tools`
    out.note(`${isPending ? out.yellow('pending') : out.green('added')} ${out.bold(outcome.name)}: ${outcome.note}`)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    outcome.state = 'failed'
    outcome.note = error.message
    out.note(`${out.red('failed')} ${out.bold(outcome.name)}: ${error.message}`)
  }
}

function finish(outcomes: readonly Outcome[], { dryRun }: FromOptions): void {
  const failed = outcomes.filter(({ state }) => state === 'failed')
  if (failed.length === 0) return
  const names = failed.map(({ name }) => name).join(', ')
  throw new CliError(
    `${failed.length} of ${outcomes.length} ${dryRun === true ? 'could' : 'were'} not ${dryRun === true ? 'be ' : ''}added: ${names}`,
    {
      code: 'partly_done',
    },
  )
}
