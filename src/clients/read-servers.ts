import { parseEnv } from 'node:util'
import { isObject } from '#/lib/is-object.ts'
import type { Values } from './config-text.ts'
import { filledIn, type Missing, type Sources } from './fill-in.ts'

/** An MCP server as some client's configuration describes it. */
export interface FoundServer {
  readonly name: string
  /** As the file has it. */
  readonly entry: unknown
  readonly way: UrlWay | CommandWay | undefined
  readonly disabled: boolean
  readonly missing: readonly Missing[]
  /** Why it cannot be taken over. */
  readonly problem: string | undefined
}

export interface UrlWay {
  readonly kind: 'url'
  readonly url: string
  readonly sse: boolean
  readonly headers: Readonly<Record<string, string>>
}

export interface CommandWay {
  readonly kind: 'command'
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | null
}

export interface Reading extends Omit<Sources, 'bare'> {
  /** Text of a file that an entry names. Throws where there is none. */
  readonly readText: (path: string) => string
}

/** Every server of a configuration, whichever client wrote it; undefined where it has no place for servers. */
export function readServers(config: Values, reading: Reading): readonly FoundServer[] | undefined {
  const groups = groupsOf(config, reading.project)
  if (groups.length === 0) return undefined
  const entries = groups.flatMap((group) => Object.entries(group))
  // Only Gemini CLI calls it so, and only it understands $NAME.
  const bare = entries.some(([, entry]) => isObject(entry) && entry['httpUrl'] !== undefined)
  return entries.map(([name, entry]) => serverOf(name, entry, { ...reading, bare }))
}

function groupsOf(config: Values, project: string): readonly Values[] {
  const places: readonly unknown[] = [
    config['mcpServers'],
    config['servers'],
    config['mcp_servers'],
    valuesIn(config, 'mcp')['servers'],
    // Claude Code keeps what is for one project alone below its folder.
    valuesIn(valuesIn(config, 'projects'), project)['mcpServers'],
  ]
  return places.filter((place): place is Values => isObject(place))
}

const valuesIn = (values: Values, key: string): Values => (isObject(values[key]) ? values[key] : {})

function serverOf(name: string, entry: unknown, reading: Known): FoundServer {
  const missing: Missing[] = []
  const known = { name, entry, missing, problem: undefined }
  if (!isObject(entry)) return { ...known, way: undefined, disabled: false, problem: 'it must be an object' }
  const disabled = entry['disabled'] === true || entry['enabled'] === false
  const fill = (text: string): string => filledIn(text, reading, (what) => missing.push(what))
  try {
    const way = wayOf(entry, { reading, fill, missing })
    if (way !== undefined) return { ...known, way, disabled }
    return { ...known, way, disabled, problem: 'it has neither a url nor a command' }
  } catch (error) {
    if (!(error instanceof EntryFault)) throw error
    return { ...known, way: undefined, disabled, problem: error.message }
  }
}

class EntryFault extends Error {
  override readonly name = 'EntryFault'
}

type Known = Reading & Sources

interface Filling {
  readonly reading: Known
  readonly fill: (text: string) => string
  readonly missing: Missing[]
}

function wayOf(entry: Values, filling: Filling): UrlWay | CommandWay | undefined {
  const { fill } = filling
  const url = textIn(entry, 'url') ?? textIn(entry, 'httpUrl') ?? textIn(entry, 'serverUrl')
  if (url !== undefined) {
    const isSse = textIn(entry, 'type') === 'sse' || textIn(entry, 'transport') === 'sse'
    return { kind: 'url', url: fill(url), sse: isSse, headers: headersOf(entry, filling) }
  }
  const command = textIn(entry, 'command')
  if (command === undefined) return undefined
  const cwd = textIn(entry, 'cwd')
  const args = listIn(entry, 'args').map(fill)
  return {
    kind: 'command',
    command: fill(command),
    args,
    env: envOf(entry, filling),
    cwd: cwd === undefined ? null : fill(cwd),
  }
}

function headersOf(entry: Values, { reading, fill, missing }: Filling): Record<string, string> {
  const headers = { ...textsIn(entry, 'headers', fill), ...textsIn(entry, 'http_headers', fill) }
  const fromEnv = textsIn(entry, 'env_http_headers', (name) => name)
  const bearer = textIn(entry, 'bearer_token_env_var')
  const taken = (name: string, prefix = ''): string => {
    const value = reading.env[name]
    if (value === undefined || value === '') missing.push({ kind: 'variable', name })
    return prefix + (value ?? '')
  }
  for (const [header, name] of Object.entries(fromEnv)) headers[header] = taken(name)
  if (bearer !== undefined) headers['Authorization'] = taken(bearer, 'Bearer ')
  return headers
}

function envOf(entry: Values, { reading, fill, missing }: Filling): Record<string, string> {
  const file = textIn(entry, 'envFile')
  const env: Record<string, string> = file === undefined ? {} : envFile(fill(file), reading)
  for (const name of variablesIn(entry)) {
    const value = reading.env[name]
    if (value === undefined) missing.push({ kind: 'variable', name })
    else env[name] = value
  }
  return { ...env, ...textsIn(entry, 'env', fill) }
}

/** Names, or objects with a name (Codex). */
function variablesIn(entry: Values): readonly string[] {
  const names = entry['env_vars']
  if (!Array.isArray(names)) return listIn(entry, 'env_vars')
  return listIn({ names: names.map((each: unknown) => (isObject(each) ? each['name'] : each)) }, 'names')
}

function envFile(path: string, { readText }: Reading): Record<string, string> {
  try {
    return parseEnv(readText(path)) as Record<string, string>
  } catch {
    throw new EntryFault(`its envFile ${path} cannot be read`)
  }
}

function textIn(entry: Values, key: string): string | undefined {
  const value = entry[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value === '') throw new EntryFault(`${key} must be a text`)
  return value
}

function listIn(entry: Values, key: string): readonly string[] {
  const value = entry[key] ?? []
  if (!Array.isArray(value) || value.some((each) => typeof each === 'object'))
    throw new EntryFault(`${key} must be a list of texts`)
  return value.map(String)
}

/** Numbers and the like are what they are as text. */
function textsIn(entry: Values, key: string, fill: (text: string) => string): Record<string, string> {
  const value = entry[key] ?? {}
  if (!isObject(value)) throw new EntryFault(`${key} must be an object of texts`)
  const known = Object.entries(value).filter(([, each]) => each !== null)
  if (known.some(([, each]) => typeof each === 'object')) throw new EntryFault(`${key} must be an object of texts`)
  return Object.fromEntries(known.map(([name, each]) => [name, fill(String(each))]))
}

/** What a configuration asks its reader for (VS Code): by id, what it is for and whether it is a secret. */
export function questionsOf(config: Values): ReadonlyMap<string, { readonly text: string; readonly secret: boolean }> {
  const { inputs } = config
  const asked = Array.isArray(inputs) ? inputs.filter((input): input is Values => isObject(input)) : []
  return new Map(
    asked.map(({ id, description, password }) => [
      String(id),
      { text: typeof description === 'string' ? description : String(id), secret: password !== false },
    ]),
  )
}
