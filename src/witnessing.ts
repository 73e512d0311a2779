import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WitnessKeeper, type WitnessFile } from '#/audit/keep-witness.ts'
import type { OpenAuditKey } from '#/audit/seals.ts'
import type { Witness } from '#/audit/witness.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import { readSecretFile, replaceSecretFile } from '#/config/secret-file.ts'
import { isObject } from '#/lib/is-object.ts'
import { pause } from '#/lib/backoff.ts'
import { outage } from '#/lib/outage.ts'
import { auditStore } from '#/store/audit-store.ts'
import { witnessStore } from '#/store/witness-store.ts'
import type { Database } from '#/store/store.ts'
import type { Logger } from '#/telemetry/logger.ts'

export const WITNESS_FILE = 'audit-witness.json'
const EVERY_MS = 500

/** What this machine knows of the audit log, in its data folder: beside the keys, where the database's owner cannot write. */
export function witnessFile(dataDir: string): WitnessFile & { forget(): Promise<void> } {
  const path = join(dataDir, WITNESS_FILE)
  return {
    read: async () => {
      const text = await readSecretFile(path)
      return text === null ? null : parsed(text, path)
    },
    forget: () => rm(path, { force: true }),
    write: (witness) => replaceSecretFile(path, `${JSON.stringify(witness)}\n`),
  }
}

function parsed(text: string, path: string): Witness {
  try {
    const said: unknown = JSON.parse(text)
    if (isObject(said) && Number.isSafeInteger(said['seq']) && Number.isSafeInteger(said['sealedAfter'])) {
      const { seq, head, sealedAfter } = said as unknown as Witness
      if (/^[0-9a-f]{0,64}$/.test(head)) return { seq, head, sealedAfter }
    }
  } catch {
    // Said below, with what to do.
  }
  throw new Error(
    `${path} was altered. Delete it once you know why: what this machine knew of the audit log is lost then`,
  )
}

export interface Witnessing {
  readonly dataDir: string
  readonly db: Database
  readonly catalog: Pick<OpenCatalog, 'current'>
  /** What opens the keys that the log is sealed with. */
  readonly openKey: OpenAuditKey
  readonly log: Logger
}

/** One worker of a machine writes it down, soon after each change. */
export function keepWitness({ dataDir, db, catalog, openKey, log }: Witnessing): AsyncDisposable {
  const keeper = new WitnessKeeper({
    store: witnessStore(db),
    reader: auditStore(db),
    openKey,
    file: witnessFile(dataDir),
    onReplaced: ({ known, seen, fault }) =>
      log.error(
        { event: 'audit.replaced', known: known.seq, seen: seen.seq, found: fault?.found ?? 'replaced' },
        'the audit log does not go on from what this machine knows of it: run causeway audit verify',
      ),
  })
  const stop = new AbortController()
  const tries = outage()
  let looked = -1
  const look = async (): Promise<void> => {
    const { seq } = catalog.current
    if (seq === looked) return
    try {
      await keeper.look()
      looked = seq
      if (tries.worked()) log.info({ event: 'audit.witnessed_again' }, 'the end of the audit log is written down again')
    } catch (err) {
      if (tries.failed())
        log.warn({ event: 'audit.unwitnessed', err }, 'the end of the audit log cannot be written down')
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await look()
      await pause(EVERY_MS, stop.signal).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await look()
    },
  }
}
