import { existsSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

const OWN_ROOT = join(import.meta.dirname, '../..')

/**
 * How this copy is called again. `npx causeway` finds it only where it is installed: from an empty folder npm would fetch a package
 * of that name, which is somebody else's, so a copy that npx itself installed for one run is named as it was then.
 */
export function ownCommand(root: string = OWN_ROOT): string {
  const at = root.lastIndexOf(`${sep}node_modules${sep}`)
  if (at === -1) return 'npx causeway'
  const project = join(root.slice(0, at), 'package.json')
  if (!existsSync(project)) return 'causeway'
  const packages = npxPackages(project)
  return packages.length === 0
    ? 'npx causeway'
    : `npx ${packages.map((name) => `-p ${quoted(name)}`).join(' ')} causeway`
}

function npxPackages(project: string): readonly string[] {
  const { _npx } = JSON.parse(readFileSync(project, 'utf8')) as { _npx?: { packages?: readonly string[] } }
  return _npx?.packages ?? []
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
}

/** How another program starts this copy, from any folder and without our PATH. */
export function ownLaunch(args: readonly string[], root: string = OWN_ROOT): Launch {
  const at = root.lastIndexOf(`${sep}node_modules${sep}`)
  const project = join(root.slice(0, Math.max(at, 0)), 'package.json')
  const packages = at === -1 || !existsSync(project) ? [] : npxPackages(project)
  if (packages.length === 0) return { command: process.execPath, args: [join(root, 'bin', 'causeway.js'), ...args] }
  // What npx keeps for one run may be cleaned away: it is named, not pointed at.
  const npx = ['npx', '-y', ...packages.flatMap((name) => ['-p', name]), 'causeway', ...args]
  const [command = 'npx', ...rest] = process.platform === 'win32' ? ['cmd', '/c', ...npx] : npx
  return { command, args: rest }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
