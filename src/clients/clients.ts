import { posix, win32 } from 'node:path'
import type { Values } from './config-text.ts'

/** Where the files of a person's clients are. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly home: string
  /** The project. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export const SCOPES = ['user', 'project'] as const
export type Scope = (typeof SCOPES)[number]

/** How a client reaches the gateway. */
export interface Way {
  /** The MCP endpoint. */
  readonly url: string
  /** The value of Authorization: a token, or in a project's file a reference to one. */
  readonly authorization: string
  /** For clients that only start commands. */
  readonly bridge: {
    readonly command: string
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }
}

export interface Client {
  readonly title: string
  /** The member of the file that holds the servers. */
  readonly group: 'mcpServers' | 'servers' | 'mcp_servers'
  /** null: the client has no file of this scope. */
  readonly file: (scope: Scope, at: Surroundings) => string | null
  /** What is there where the client is installed. */
  readonly trace: (at: Surroundings) => string
  readonly entry: (way: Way) => Values
  /** How a project's file names the variable CAUSEWAY_TOKEN: it is shared, so it never holds a token. */
  readonly reference: string | null
  /** What to do so that the client sees the change. */
  readonly next: string
}

const path = ({ platform }: Surroundings) => (platform === 'win32' ? win32 : posix)
const inHome = (at: Surroundings, ...parts: string[]): string => path(at).join(at.home, ...parts)
const inProject = (at: Surroundings, ...parts: string[]): string => path(at).join(at.cwd, ...parts)

/** Where the system keeps the settings of programs with windows. */
function appData(at: Surroundings, ...parts: string[]): string {
  const { env, platform } = at
  if (platform === 'win32') return path(at).join(env['APPDATA'] ?? inHome(at, 'AppData', 'Roaming'), ...parts)
  if (platform === 'darwin') return inHome(at, 'Library', 'Application Support', ...parts)
  return path(at).join(env['XDG_CONFIG_HOME'] || inHome(at, '.config'), ...parts)
}

/** A folder that a variable moves elsewhere. */
const movable = (at: Surroundings, variable: string, usual: string): string => at.env[variable] || inHome(at, usual)

const bearer = (reference: string): string => `Bearer ${reference}`

/** Every client whose configuration we write, by the name that is typed. */
export const CLIENTS = {
  'claude-code': {
    title: 'Claude Code',
    group: 'mcpServers',
    file: (scope, at) =>
      scope === 'project'
        ? inProject(at, '.mcp.json')
        : path(at).join(at.env['CLAUDE_CONFIG_DIR'] || at.home, '.claude.json'),
    trace: (at) => movable(at, 'CLAUDE_CONFIG_DIR', '.claude'),
    entry: ({ url, authorization }) => ({ type: 'http', url, headers: { Authorization: authorization } }),
    reference: bearer('${CAUSEWAY_TOKEN}'),
    next: 'start claude anew; /mcp shows the connection',
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    group: 'mcpServers',
    file: (scope, at) => (scope === 'project' ? null : appData(at, 'Claude', 'claude_desktop_config.json')),
    trace: (at) => appData(at, 'Claude'),
    entry: ({ bridge }) => ({ ...bridge }),
    reference: null,
    next: 'quit Claude Desktop and start it anew',
  },
  vscode: {
    title: 'VS Code',
    group: 'servers',
    file: (scope, at) =>
      scope === 'project' ? inProject(at, '.vscode', 'mcp.json') : appData(at, 'Code', 'User', 'mcp.json'),
    trace: (at) => appData(at, 'Code'),
    entry: ({ url, authorization }) => ({ type: 'http', url, headers: { Authorization: authorization } }),
    reference: bearer('${env:CAUSEWAY_TOKEN}'),
    next: 'in VS Code: MCP: List Servers, then start it',
  },
  cursor: {
    title: 'Cursor',
    group: 'mcpServers',
    file: (scope, at) =>
      scope === 'project' ? inProject(at, '.cursor', 'mcp.json') : inHome(at, '.cursor', 'mcp.json'),
    trace: (at) => inHome(at, '.cursor'),
    entry: ({ url, authorization }) => ({ url, headers: { Authorization: authorization } }),
    reference: bearer('${env:CAUSEWAY_TOKEN}'),
    next: 'in Cursor: Settings, MCP, and switch it on',
  },
  gemini: {
    title: 'Gemini CLI',
    group: 'mcpServers',
    file: (scope, at) =>
      scope === 'project' ? inProject(at, '.gemini', 'settings.json') : inHome(at, '.gemini', 'settings.json'),
    trace: (at) => inHome(at, '.gemini'),
    entry: ({ url, authorization }) => ({ httpUrl: url, headers: { Authorization: authorization } }),
    reference: bearer('${CAUSEWAY_TOKEN}'),
    next: 'start gemini anew; /mcp shows the connection',
  },
  codex: {
    title: 'Codex CLI',
    group: 'mcp_servers',
    file: (scope, at) =>
      scope === 'project'
        ? inProject(at, '.codex', 'config.toml')
        : path(at).join(movable(at, 'CODEX_HOME', '.codex'), 'config.toml'),
    trace: (at) => movable(at, 'CODEX_HOME', '.codex'),
    entry: ({ url, authorization }) =>
      authorization === CODEX_REFERENCE
        ? { url, bearer_token_env_var: 'CAUSEWAY_TOKEN' }
        : { url, http_headers: { Authorization: authorization } },
    reference: 'CAUSEWAY_TOKEN',
    next: 'start codex anew; /mcp shows the connection',
  },
} as const satisfies Record<string, Client>

const CODEX_REFERENCE = 'CAUSEWAY_TOKEN'

export type ClientName = keyof typeof CLIENTS
export const CLIENT_NAMES = Object.keys(CLIENTS) as readonly ClientName[]

export const isClientName = (name: string): name is ClientName => Object.hasOwn(CLIENTS, name)
