import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Env } from '#/config/env.ts'
import { fine, wrong, type Finding } from '#/lib/finding.ts'
import { ownVersion } from './version.ts'

const OLDEST_NODE = [24, 14] as const
/** Most servers that one can get are started with one of these. */
const LAUNCHERS = ['npx', 'uvx', 'docker'] as const

/** What runs here, and what it could start. */
export async function examineProgram(env: Env): Promise<readonly Finding[]> {
  const found = await Promise.all(LAUNCHERS.map(async (name) => ((await isOnPath(name, env)) ? name : null)))
  const there = found.filter((name) => name !== null)
  const absent = LAUNCHERS.filter((name) => !there.includes(name))
  const missing =
    absent.length === 0 ? '' : `; ${absent.join(', ')} not, which matters only for servers started with it`
  return [node(), fine('launchers', `${there.join(', ') || 'none'} on PATH${missing}`)]
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const said = `Causeway ${ownVersion()} on Node ${process.versions.node}`
  return isNewEnough ? fine('program', said) : wrong('program', said, `install Node ${OLDEST_NODE.join('.')} or newer`)
}

export async function isOnPath(command: string, env: Env): Promise<boolean> {
  const places = isAbsolute(command)
    ? [command]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command))
  const found = await Promise.all(
    places.map((path) =>
      access(path, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
