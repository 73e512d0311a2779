import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')

export interface CliRun {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * Runs a command of the product to its end, with nothing of this machine's own settings. `heard`: told of what it says on standard error
 * so far.
 */
export async function causeway(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
  heard: (err: string) => void = () => {},
): Promise<CliRun> {
  const { PATH } = process.env
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env: { PATH, HOME: '/nonexistent', ...env } })
  child.stdin.end(input)
  let said = ''
  child.stderr.on('data', (piece: Buffer) => heard((said += piece.toString())))
  const [out, err, [code]] = await Promise.all([
    Array.fromAsync(child.stdout as AsyncIterable<Buffer>),
    Array.fromAsync(child.stderr as AsyncIterable<Buffer>),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}
