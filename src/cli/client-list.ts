import { existsSync } from 'node:fs'
import { thisMachine, type Env } from '#/config/env.ts'
import { CLIENT_NAMES, CLIENTS, SCOPES, type ClientName, type Scope, type Surroundings } from '#/clients/clients.ts'
import { openConfig } from '#/clients/config-file.ts'
import { readConfig } from '#/clients/config-text.ts'
import { FileFault } from '#/clients/file-fault.ts'
import { isOwnEntry } from '#/clients/own-entry.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { tableLines } from './table.ts'

export function surroundings(env: Env): Surroundings {
  const { platform, home } = thisMachine()
  return { platform, home, cwd: process.cwd(), env }
}

/** The file of a client in a scope. Throws where it has none. */
export function fileOf(name: ClientName, scope: Scope, env: Env): string {
  const path = CLIENTS[name].file(scope, surroundings(env))
  if (path !== null) return path
  throw new CliError(`${CLIENTS[name].title} has no configuration for a project: leave out --scope`, { code: 'usage' })
}

interface Row {
  readonly client: ClientName
  readonly title: string
  readonly scope: Scope
  readonly found: boolean
  /** What the client calls this gateway. */
  readonly entries: readonly string[]
  readonly file: string
  readonly problem?: string
}

/** Which clients are on this machine, and which of them know the gateway. */
export async function listClients(
  origin: string,
  { env, out }: Context,
  options: { readonly json?: boolean },
): Promise<void> {
  const at = surroundings(env)
  const all = await Promise.all(
    CLIENT_NAMES.flatMap((client) => SCOPES.map((scope) => rowOf(client, scope, { at, origin }))),
  )
  // In the home folder, a project's file may be that of the person.
  const rows = [...new Map(all.filter((row) => row !== undefined).map((row) => [row.file, row])).values()]
  if (options.json === true) return out.print(JSON.stringify(rows, null, 2))
  const cells = rows.map(({ client, title, found, entries, file, problem }) => {
    const state = problem === undefined ? (entries.length > 0 ? `as ${entries.join(', ')}` : 'no') : 'unreadable'
    return [client, title, found ? 'yes' : 'no', state, file]
  })
  for (const line of tableLines(['NAME', 'CLIENT', 'FOUND', 'CONNECTED', 'FILE'], cells, out)) out.print(line)
  for (const { problem } of rows) if (problem !== undefined) out.note(problem)
  if (rows.every(({ entries }) => entries.length === 0)) out.note('Next: causeway connect NAME')
}

interface Looking {
  readonly at: Surroundings
  readonly origin: string
}

/** Nothing for a project without a file. */
async function rowOf(name: ClientName, scope: Scope, { at, origin }: Looking): Promise<Row | undefined> {
  const { title, group, file: where, trace } = CLIENTS[name]
  const path = where(scope, at)
  if (path === null || (scope === 'project' && !existsSync(path))) return undefined
  const row = { client: name, title, scope, file: path }
  try {
    const { text, exists, path: real } = await openConfig(path)
    const servers = Object.entries(readConfig(text, real)[group] ?? {})
    const entries = servers.filter(([, entry]) => isOwnEntry(entry, origin)).map(([entry]) => entry)
    return { ...row, found: exists || existsSync(trace(at)), entries }
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    return { ...row, found: true, entries: [], problem: error.message }
  }
}
