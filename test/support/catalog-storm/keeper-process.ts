import { createHash } from 'node:crypto'
import { openCatalog } from '../../../src/catalog/keeper.ts'
import { loadState } from '../../../src/catalog/load.ts'
import type { CatalogState } from '../../../src/catalog/state.ts'
import { catalogReader } from '../../../src/store/catalog-store.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { principalThing } from '../catalog-things.ts'
import { dumpState } from '../dump-state.ts'
import { quiet } from '../quiet.ts'
import { now, type KeeperCommand, type KeeperMessage } from './messages.ts'
import { stallProbe } from './stall-probe.ts'

const digestOf = (state: CatalogState): string =>
  createHash('sha256')
    .update(JSON.stringify(dumpState(state)))
    .digest('hex')

const tell = (message: KeeperMessage): void => void process.send?.(message)
const admin = principalThing()

const db = await openDatabase({ url: process.argv[2] ?? '', poolSize: 2, log: quiet })
const reader = catalogReader(db)
const probe = stallProbe()
const began = performance.now()
const catalog = await openCatalog({ reader, log: quiet })
tell({ kind: 'ready', loadMs: performance.now() - began, load: probe.take() })

const reached: [number, number][] = []
const watch = setInterval(() => {
  const { seq } = catalog.current
  if (seq !== reached.at(-1)?.[0]) reached.push([seq, now()])
}, 5)

const listMs: number[] = []
const lists = setInterval(() => {
  const asked = performance.now()
  catalog.list({ kind: 'tools', scope: { kind: 'all' }, who: admin, era: 'modern', from: null }).then(
    () => listMs.push(performance.now() - asked),
    (error: unknown) => process.emit('warning', error as Error),
  )
}, 500)

async function finish(seq: number): Promise<void> {
  await catalog.applied(seq, 20_000)
  reached.push([catalog.current.seq, now()])
  clearInterval(watch)
  clearInterval(lists)
  const stalls = probe.take()
  probe.stop()
  const digest = digestOf(catalog.state)
  const fresh = digestOf(await loadState(reader))
  tell({ kind: 'report', reached, stalls, listMs, digest, fresh })
  await catalog[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  process.disconnect()
}

process.on('message', (command: KeeperCommand) => {
  if (command.kind === 'wake') catalog.wake(command.seq)
  else if (command.kind === 'measure') {
    probe.take()
    listMs.length = 0
  } else void finish(command.seq)
})
