import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Sealer } from '#/access/sealing.ts'
import { CatalogEdit } from './edit.ts'
import { readSaved, unusable, writeSaved, type SavedFile, type SavedHeader } from './saved-file.ts'
import { linesOf, takeLine, type SavedPart } from './saved-lines.ts'
import { emptyState, type CatalogState } from './state.ts'

/** Where a catalog is saved, and for whom it is good. */
export interface SavedPlace extends Omit<SavedHeader, 'seq' | 'part'> {
  readonly folder: string
  readonly sealer: Sealer
}

/** What was saved, and when the database last said that it is current, by the machine's clock. */
export interface SavedCatalog {
  readonly state: CatalogState
  readonly heardAt: number
}

/** A file each: who may come in, what there is, and when the database was last heard. */
type File = SavedPart | 'heard'

const FOLDER = 'snapshot'
/** Clocks of one machine do not disagree by more, unless one was set. */
const CLOCK_SLACK_MS = 60_000

export function savedFolder(dataDir: string): string {
  return join(dataDir, FOLDER)
}

/** Whether there is anything to begin with; whether it can be used, reading it says. */
export function isSaved(folder: string): boolean {
  return (['access', 'things', 'heard'] as const).every((file) => existsSync(join(folder, file)))
}

export async function savePart(place: SavedPlace, state: CatalogState, part: SavedPart): Promise<void> {
  await writeSaved(fileOf(place, part), { ...headerOf(place, part), seq: state.seq }, linesOf(state, part))
}

export async function saveHeard(place: SavedPlace, heardAt: number): Promise<void> {
  await writeSaved(fileOf(place, 'heard'), { ...headerOf(place, 'heard'), seq: 0 }, [String(heardAt)])
}

/** Throws an error whose message says what is wrong with which file. Older than `maxAgeMs` is of no use: no token would be accepted. */
export async function readSavedCatalog(place: SavedPlace, maxAgeMs: number): Promise<SavedCatalog> {
  const heardAt = await readHeard(place, maxAgeMs)
  const edit = new CatalogEdit(emptyState())
  const take = (line: string): void => takeLine(edit, line)
  const access = await readSaved(fileOf(place, 'access'), headerOf(place, 'access'), take)
  const things = await readSaved(fileOf(place, 'things'), headerOf(place, 'things'), take)
  return { state: edit.done(Math.min(access.seq, things.seq)), heardAt }
}

async function readHeard(place: SavedPlace, maxAgeMs: number): Promise<number> {
  const file = fileOf(place, 'heard')
  let heardAt = Number.NaN
  await readSaved(file, headerOf(place, 'heard'), (line) => (heardAt = Number(line)))
  const age = Date.now() - heardAt
  if (!(age > -CLOCK_SLACK_MS)) throw unusable(file.path, 'is from the future: set the clock of this machine')
  if (age > maxAgeMs)
    throw unusable(file.path, `is ${Math.round(age / 60_000)} minutes old, more than CAUSEWAY_SNAPSHOT_MAX_AGE allows`)
  return Math.min(heardAt, Date.now())
}

function fileOf({ folder, sealer }: SavedPlace, file: File): SavedFile {
  return { path: join(folder, file), sealer }
}

function headerOf({ database, version }: SavedPlace, part: File): Omit<SavedHeader, 'seq'> {
  return { part, database, version }
}
