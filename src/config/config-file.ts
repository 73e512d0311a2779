import { readFileSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { readYaml, type LocatedYaml } from '#/lib/located-yaml.ts'
import { whyUnread } from '#/lib/why-unread.ts'
import { fillInFrom } from './fill-in.ts'
import type { Env } from './env.ts'

/** A causeway.yaml that is YAML. What it says may still be wrong. */
export interface ConfigFile {
  readonly path: string
  /** What relative paths in it start from. */
  readonly folder: string
  /** `causeway` of /etc/causeway.yaml: what its declarations are known by, unless it says otherwise. */
  readonly name: string
  readonly yaml: LocatedYaml
}

/** Reads a file; `text` is given where it came another way. Throws an Error that says what is the matter with the path. */
export function readConfigFile(path: string, env: Env, text: string = textOf(path)): ConfigFile {
  const whole = resolve(path)
  const folder = dirname(whole)
  const yaml = readYaml(text, fillInFrom(env, folder))
  return { path, folder, name: basename(whole, extname(whole)), yaml }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${whyUnread(cause)}`, { cause })
  }
}
