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
  const { _npx } = JSON.parse(readFileSync(project, 'utf8')) as { _npx?: { packages?: readonly string[] } }
  const packages = _npx?.packages ?? []
  return packages.length === 0
    ? 'npx causeway'
    : `npx ${packages.map((name) => `-p ${quoted(name)}`).join(' ')} causeway`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
