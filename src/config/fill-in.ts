import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FillIn } from '#/lib/located-yaml.ts'
import { nearest } from '#/lib/nearest.ts'
import type { Env } from './env.ts'

/** `${NAME}` is a variable of the environment, `${file:PATH}` what stands in a file; relative to `folder`. */
export function fillInFrom(env: Env, folder: string): FillIn {
  return (expression) => {
    if (expression.startsWith('file:')) return fromFile(resolve(folder, expression.slice(5).trim()))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(expression))
      return {
        fault: `\${${expression}} is neither \${NAME} of a variable nor \${file:PATH}; a plain \${ is written $\${`,
      }
    const text = env[expression]
    if (text !== undefined && text !== '') return { text }
    const meant = nearest(expression, Object.keys(env))
    const hint = meant === null ? '' : `; did you mean ${meant}?`
    return { fault: `the environment variable ${expression} is not set${hint}` }
  }
}

function fromFile(path: string): ReturnType<FillIn> {
  try {
    return { text: readFileSync(path, 'utf8').trimEnd() }
  } catch (error) {
    const why = error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is none' : String(error)
    return { fault: `the file ${path} cannot be read: ${why}` }
  }
}
