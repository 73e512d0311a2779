import type { Config } from '#/config/config.ts'
import { doubtful, fine, type Finding } from '#/lib/finding.ts'
import { examineDatabase } from '#/store/examine.ts'
import { runningEmbeddedUrl } from '#/supervisor/embedded-postgres.ts'
import { examineFolder } from '#/supervisor/examine-folder.ts'
import { examinePort } from '#/supervisor/examine-port.ts'

/** Looks at what a start needs of this machine and its database; changes nothing. */
export async function examineMachine(config: Config): Promise<readonly Finding[]> {
  const { findings, holder } = await examineFolder(config.dataDir)
  const port = holder === null ? [await examinePort(config.http)] : []
  return [...findings, ...port, ...(await database(config, holder !== null))]
}

async function database({ database: { url, directUrl, poolSize }, dataDir }: Config, running: boolean) {
  if (url !== null) return await examineDatabase({ url, directUrl, poolSize, ours: false })
  if (!running) return [fine('database', 'the embedded PostgreSQL, which starts with causeway serve')]
  const embedded = await runningEmbeddedUrl(dataDir)
  if (embedded !== null) return await examineDatabase({ url: embedded, directUrl: null, poolSize, ours: true })
  return [
    doubtful('database', 'the embedded PostgreSQL could not be asked', 'run doctor with the account of the gateway'),
  ]
}
