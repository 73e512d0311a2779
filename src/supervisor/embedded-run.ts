import type { ChildProcess } from 'node:child_process'

export interface Finished {
  /** null: it could not be started at all. */
  readonly code: number | null
  readonly output: string
}

/** Waits for a program that ends by itself; its output is bounded. */
export async function finished(child: ChildProcess, input?: string): Promise<Finished> {
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-8_192)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code, output: output.trim() }))
  })
}
