import { CLIENTS, type Client, type ClientName, type Scope } from '#/clients/clients.ts'
import { openConfig, saveConfig, type ConfigFile } from '#/clients/config-file.ts'
import { editConfig, readConfig, type Values } from '#/clients/config-text.ts'
import { hasOurToken, isOwnEntry } from '#/clients/own-entry.ts'
import { textDiff } from '#/clients/text-diff.ts'
import { CliError } from './cli-error.ts'
import { fileOf, listClients } from './client-list.ts'
import { ClientTokens } from './client-tokens.ts'
import type { Context } from './context.ts'
import { explainingFaults } from './file-errors.ts'
import { findServer, idOf } from './find.ts'
import { gatewayPlace } from './open-api.ts'
import { ownLaunch } from './own-command.ts'
import { plainText } from './terminal.ts'

export interface ConnectOptions {
  readonly server?: string
  readonly name?: string
  readonly scope: Scope
  readonly url?: string
  readonly token?: string
  readonly remove?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

interface Job {
  readonly context: Context
  readonly options: ConnectOptions
  readonly origin: string
}

/** `client` undefined: which there are. */
export async function runConnect(
  client: ClientName | undefined,
  context: Context,
  options: ConnectOptions,
): Promise<void> {
  const job = { context, options, origin: originOf(context, options) }
  if (client === undefined) return await listClients(job.origin, context, options)
  await explainingFaults(() => (options.remove === true ? disconnect(client, job) : connect(client, job)))
}

function originOf({ env }: Context, { url }: ConnectOptions): string {
  if (url === undefined) return gatewayPlace(env).origin
  const written = URL.parse(url)
  if (written !== null && /^https?:$/.test(written.protocol)) return written.origin
  throw new CliError(`--url is ${JSON.stringify(url)} but must be an http or https URL`, { code: 'usage' })
}

async function connect(name: ClientName, job: Job): Promise<void> {
  const { context, options, origin } = job
  const client: Client = CLIENTS[name]
  const file = await openConfig(fileOf(name, options.scope, context.env))
  const entry = entryName(options)
  refuseForeign(job, { client, file, entry })
  const serverId = options.server === undefined ? null : idOf(await findServer(await context.api(), options.server))
  const plan = { client, file, entry, url: `${origin}${serverId === null ? '' : `/servers/${serverId}`}/mcp`, serverId }
  if (options.dryRun === true) return report(job, plan, edited(plan, job, authorization(client, options, NEW_TOKEN)))
  if (options.scope === 'project') return await write(job, plan, edited(plan, job, authorization(client, options, '')))
  const given = options.token === '-' ? (await context.readStdin()).trim() : options.token
  if (given !== undefined) return await write(job, plan, edited(plan, job, `Bearer ${given}`))
  // The token is made last and ends where it could not be written.
  edited(plan, job, `Bearer ${NEW_TOKEN}`)
  const made = await new ClientTokens(await context.api(), name, entry).create(serverId)
  let written = false
  try {
    await write(job, plan, edited(plan, job, `Bearer ${made.token}`))
    written = true
  } finally {
    await made.settle(written)
  }
}

const NEW_TOKEN = '‹a new token›'

interface Plan {
  readonly client: Client
  readonly file: ConfigFile
  readonly entry: string
  readonly url: string
  readonly serverId: string | null
}

const entryName = ({ name, server }: ConnectOptions): string =>
  name ?? (server === undefined ? 'causeway' : `causeway-${server.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-')}`)

/** A project's file is shared: it names the variable with the token and never the token. */
function authorization({ reference }: Client, { scope }: ConnectOptions, token: string): string {
  if (scope === 'user' || reference === null) return `Bearer ${token}`
  return reference
}

function serversIn({ text, path }: ConfigFile, { group }: Client): Values {
  return (readConfig(text, path)[group] ?? {}) as Values
}

function refuseForeign({ origin }: Job, { client, file, entry }: Pick<Plan, 'client' | 'file' | 'entry'>): void {
  const there = serversIn(file, client)[entry]
  if (there === undefined || isOwnEntry(there, origin) || hasOurToken(there)) return
  throw new CliError(
    `${file.path} already has ${JSON.stringify(entry)}, which is something else: choose another name with --name`,
    { code: 'conflict' },
  )
}

function edited({ client, file, entry, url, serverId }: Plan, { origin }: Job, authorize: string): string {
  const bridge = {
    ...ownLaunch(['bridge', ...(serverId === null ? [] : ['--server', serverId])]),
    env: { CAUSEWAY_URL: origin, CAUSEWAY_TOKEN: authorize.replace(/^Bearer /, '') },
  }
  const value = client.entry({ url, authorization: authorize, bridge })
  return editConfig(file.text, file.path, { path: [client.group, entry], value })
}

async function write(job: Job, plan: Plan, text: string): Promise<void> {
  const { out } = job.context
  const { client, file, entry, url } = plan
  const isProject = job.options.scope === 'project'
  const backup = await saveConfig(file, text, { secret: !isProject })
  if (job.options.json === true)
    return out.print(JSON.stringify({ client: client.title, file: file.path, entry, url, backup }, null, 2))
  out.print(`${out.green('connected')} ${out.bold(client.title)} to ${url} as ${entry}`)
  out.print(`  ${file.path}${backup === null ? '' : `; the old file is ${backup}`}`)
  if (isProject)
    out.print('  it names the variable CAUSEWAY_TOKEN: everybody sets it to a token (causeway token create NAME)')
  out.print(`Next: ${client.next}`)
}

/** What a dry run shows. */
function report({ context: { out }, options }: Job, { client, file, entry }: Plan, text: string): void {
  const lines = textDiff(file.text, text)
  if (options.json === true)
    return out.print(JSON.stringify({ client: client.title, file: file.path, entry, diff: lines }, null, 2))
  out.print(`${out.bold(file.path)}${file.exists ? '' : ' (a new file)'}`)
  for (const { sign, text: line } of lines) {
    const paint = { '+': out.green, '-': out.red, ' ': out.dim }[sign]
    out.print(paint(`${sign} ${plainLine(line)}`))
  }
  out.print('Nothing has been changed.')
}

const plainLine = (line: string): string => /^\s*/.exec(line)?.[0] + plainText(line)

async function disconnect(name: ClientName, job: Job): Promise<void> {
  const { context, options, origin } = job
  const client: Client = CLIENTS[name]
  const file = await openConfig(fileOf(name, options.scope, context.env))
  const entry = entryName(options)
  const there = serversIn(file, client)[entry]
  if (there === undefined)
    throw new CliError(`${file.path} has no ${JSON.stringify(entry)}: causeway connect shows what is connected`)
  refuseForeign(job, { client, file, entry })
  const text = editConfig(file.text, file.path, { path: [client.group, entry], value: undefined })
  if (options.dryRun === true) return report(job, { client, file, entry, url: origin, serverId: null }, text)
  const backup = await saveConfig(file, text, { secret: false })
  const revoked = options.scope === 'project' ? 0 : await revoke(name, entry, context)
  if (options.json === true)
    return context.out.print(JSON.stringify({ client: client.title, file: file.path, entry, backup, revoked }, null, 2))
  context.out.print(`disconnected ${client.title} (${file.path}; the old file is ${backup ?? 'gone'})`)
  if (revoked === null) context.out.note('its token could not be revoked now: causeway token list shows it')
}

/** How many tokens have ended; null: the gateway could not be asked, which must not keep the entry where it was. */
async function revoke(name: ClientName, entry: string, { api }: Context): Promise<number | null> {
  try {
    return await new ClientTokens(await api(), name, entry).revokeAll()
  } catch (error) {
    if (error instanceof CliError) return null
    throw error
  }
}
