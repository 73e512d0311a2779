import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { recordingLog, type CallRecord } from '#/calls/record.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import type { Admission } from '#/http/admission.ts'
import { pause } from '#/lib/backoff.ts'
import { onHeldConnection } from '#/lib/held-connection.ts'
import { LeftBehind } from '#/records/left-behind.ts'
import { storeLeftovers } from '#/records/leftovers.ts'
import { Recorder } from '#/records/recorder.ts'
import { SpillFile } from '#/records/spill-file.ts'
import { UsageMeter } from '#/records/usage-meter.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { recordSink } from '#/store/record-store.ts'
import { storedEpochs, storedUsage } from '#/store/token-usage-store.ts'
import { tokenUsesSink } from '#/store/token-uses-store.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import { finishedCalls, heldConnections, lostRecords } from '#/telemetry/events.ts'
import type { Logger } from '#/telemetry/logger.ts'
import { createMetrics } from '#/telemetry/metrics.ts'
import { TokenUses } from '#/tokens/token-uses.ts'

/** What is measured, and where it goes. */
interface Recorded {
  readonly config: Config
  readonly link: WorkerLink
  readonly log: Logger
  readonly db: OpenDatabase
  readonly catalog: OpenCatalog
  readonly admission: Admission
}

interface RecordParts {
  readonly writer: string
  readonly epoch: string
  readonly meter: UsageMeter
  readonly building: AsyncDisposableStack
}

/** Usage records, metrics and log of every call. */
export async function openRecords({ config, link, log, db, catalog, admission }: Recorded, parts: RecordParts) {
  const { writer, epoch, meter, building } = parts
  const metrics = createMetrics({
    snapshotAgeMs: () => catalog.ageMs,
    callsInFlight: () => admission.inFlight,
    database: () => db.stats,
    records: () => recorder.stats,
  })
  const telemetry = { log, metrics }
  // The file may have something to tell as soon as it is opened: a line that a crash has cut off.
  const lost = lostRecords(telemetry)
  const spillLost = (count: number, why: string): void => lost(count, { why })
  const refused = (count: number, err: unknown): void => lost(count, { why: 'refused', err })
  const path = spillPath(config, link.index)
  const spill = await SpillFile.open({ path, maxBytes: config.records.onDiskBytes, onLost: spillLost })
  const recorder = building.use(new Recorder({ sink: recordSink(db), spill, writer, epoch, onRefused: refused }))
  building.use(onHeldConnection(heldConnections(telemetry)))
  link.onCollect(() => metrics.data())
  const finished = finishedCalls(telemetry)
  const uses = building.use(new TokenUses({ sink: tokenUsesSink(db) }))
  const keep = (record: CallRecord): void => {
    const n = recorder.record(record)
    if (n !== null) meter.recorded(n, record.tokenId, record.at)
    if (n !== null) uses.recorded(record.tokenId)
    finished(record)
  }
  const calls = recordingLog(keep, (tokenId) => {
    try {
      return meter.begun(tokenId)
    } catch (cause) {
      uses.refused(tokenId, 'not let in')
      throw cause
    }
  })
  if (link.index === 0)
    keepStoring(building, async () => {
      const paths = leftoverPaths(config)
      return await storeLeftovers({ paths, sink: recordSink(db), onLost: spillLost, onRefused: refused })
    })
  return { log: calls, telemetry, uses }
}

/** Counts the calls of limited tokens, also those that stand on disk. */
export async function openMeter(
  { config, db }: Pick<Recorded, 'config' | 'db'>,
  writing: Pick<RecordParts, 'writer' | 'epoch'>,
): Promise<UsageMeter> {
  const left = await LeftBehind.in(config.dataDir, storedEpochs(db))
  return new UsageMeter({ read: left.counted(storedUsage(db, writing)) })
}

const AGAIN_MS = 1_000

/** Until all is stored: others wait for that before they judge how much a token was used. */
function keepStoring(building: AsyncDisposableStack, store: () => Promise<boolean>): void {
  const ending = new AbortController()
  building.defer(() => ending.abort())
  const storing = async (): Promise<void> => {
    while (!(await store().catch(() => false))) await pause(AGAIN_MS, ending.signal)
  }
  void storing().catch(() => undefined)
}

/** More workers than any machine ever had: whose files are looked for when there are fewer now. */
const MOST_WORKERS = 256

function spillPath({ dataDir }: Config, index: number): string {
  return join(dataDir, `records-w${index}.spill`)
}

function leftoverPaths(config: Config): readonly string[] {
  const others = Array.from({ length: MOST_WORKERS - config.workers }, (_, n) => spillPath(config, config.workers + n))
  return others.filter((path) => existsSync(path))
}
