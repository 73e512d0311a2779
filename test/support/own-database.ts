import { sealer } from '#/access/sealing.ts'
import { readKeyRing } from '#/config/secrets.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { openDatabase, type OpenDatabase } from '#/store/database.ts'
import type { RunningGateway } from './gateway.ts'
import { quiet } from './quiet.ts'

/** The database as a gateway has it: with the key that its records are sealed with, which nobody else can write. */
export async function databaseOf({ dataDir }: Pick<RunningGateway, 'dataDir'>, url: string): Promise<OpenDatabase> {
  const auditKey = auditKeyOpener(sealer(readKeyRing(dataDir)))
  return await openDatabase({ url, poolSize: 4, log: quiet, auditKey })
}
