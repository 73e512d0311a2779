import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Says where a run keeps an embedded cluster that is made, migrated and stopped. */
export const MADE = 'MADE_CLUSTER'

const run = promisify(execFile)

/**
 * Gives a data folder the cluster that its first start would make: a second of the processor each time, and the same every time. Outside a
 * run of tests, and where there is one, it stays as it is.
 */
export async function giveCluster(dataDir: string): Promise<void> {
  const made = process.env[MADE]
  const own = join(dataDir, 'postgres')
  if (made !== undefined && !existsSync(own)) await run('cp', ['-a', made, own])
}
