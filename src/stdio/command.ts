import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { StdioFault } from './fault.ts'
import type { Launch } from './launch.ts'

/** Whom this machine trusts: without them npx reaches no registry where an authority of its own stands in between. */
const AUTHORITIES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']
/** What every server may see of our own environment: where programs are, how people here write, whom to trust. None of our settings. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR', 'TERM', ...AUTHORITIES]
const INHERITED_ON_WINDOWS = ['SYSTEMROOT', 'SYSTEMDRIVE', 'APPDATA', 'LOCALAPPDATA', 'TEMP', 'USERPROFILE', 'PATHEXT']

export type Env = Readonly<Record<string, string | undefined>>

/** Of `env` what a server, and the host itself, are given. */
export function scrubbed(env: Env): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of Object.keys(env)) {
    const known = INHERITED.includes(name) || name.startsWith('LC_')
    const value = env[name]
    if (value !== undefined && (known || (process.platform === 'win32' && isWindowsName(name)))) kept[name] = value
  }
  return kept
}

const isWindowsName = (name: string): boolean => [...INHERITED, ...INHERITED_ON_WINDOWS].includes(name.toUpperCase())

/** What bounds every process of a server. */
export interface ProcessLimits {
  /** Of private memory, in bytes. */
  readonly memoryBytes: number
  readonly openFiles: number
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly cwd: string | undefined
}

/** This program itself, wherever this copy of it lies and whether or not it is on the PATH: `causeway example`. */
const OWN_NAME = 'causeway'
const OWN_LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')

/**
 * The program that a launch names, found now, so that its absence is told as such, behind programs of util-linux that set its
 * limits and its end with ours and then become it. Where they are missing it runs without.
 */
export function commandOf(launch: Launch, inherited: Env, limits: ProcessLimits): Command {
  const env = { ...scrubbed(inherited), ...launch.env }
  if (launch.cwd !== null && !isFolder(launch.cwd))
    throw wrong('cwd', `the folder ${JSON.stringify(launch.cwd)} does not exist on the gateway's machine`)
  const isOwn = launch.command === OWN_NAME
  const program = isOwn ? process.execPath : find(launch.command, env, launch.cwd)
  if (program === undefined) throw wrong('command', `${JSON.stringify(launch.command)} ${notFound(launch.command)}`)
  const [file = program, ...args] = [...wrapping(limits), program, ...(isOwn ? [OWN_LAUNCHER] : []), ...launch.args]
  return { file, args, env, cwd: launch.cwd ?? undefined }
}

function wrong(field: 'command' | 'cwd', message: string): StdioFault {
  return new StdioFault({ code: 'invalid_field', field, message: `${field}: ${message}` })
}

function notFound(command: string): string {
  return /[/\\]/.test(command)
    ? "is no program that can be run on the gateway's machine"
    : "was not found on the PATH of the gateway's machine; give its whole path, or install it"
}

let tools: { readonly prlimit: string | undefined; readonly setpriv: string | undefined } | undefined

function wrapping({ memoryBytes, openFiles }: ProcessLimits): readonly string[] {
  if (process.platform !== 'linux') return []
  const path = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' }
  tools ??= { prlimit: find('prlimit', path, null), setpriv: find('setpriv', path, null) }
  const { prlimit, setpriv } = tools
  return [
    ...(prlimit ? [prlimit, `--data=${memoryBytes}`, `--nofile=${openFiles}`, '--core=0', '--'] : []),
    ...(setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []),
  ]
}

/** As a shell would find it, with the PATH that the server itself is given. */
function find(command: string, env: Env, cwd: string | null): string | undefined {
  if (/[/\\]/.test(command)) {
    const path = isAbsolute(command) ? command : resolve(cwd ?? '.', command)
    return isProgram(path) ? path : undefined
  }
  const extensions = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';') : ['']
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = folders.flatMap((folder) => extensions.map((extension) => join(folder, command + extension)))
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
