import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { whyUnread } from '#/lib/why-unread.ts'
import { ArchiveFault, damaged } from './archive-fault.ts'
import { opened, sealer } from './frames.ts'
import { LONGEST_HEADER, newHeader, readHeader, type ArchiveKey, type Header, type ReadHeader } from './header.ts'

export interface TableShape {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** What an archive is of. Its first part. */
export interface Opening {
  /** The database's schema: the migrations that made it, with the SHA-256 of each. */
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
  readonly postgres: string
  /** In an order in which what is referred to comes first. */
  readonly tables: readonly TableShape[]
  readonly secrets: Secrets
}

/** What of the data folder the rows need. */
export interface Secrets {
  /** The text of keys.json. */
  readonly keyRing: string
  readonly adminToken: string | null
}

export interface TableTotal {
  readonly rows: number
  /** SHA-256 of the rows, hex. */
  readonly digest: string
}

/** What has to have come until the end. Its last part. */
export interface Manifest {
  readonly tables: Readonly<Record<string, TableTotal>>
}

/** Rows of one table: each a JSON array of texts or nulls, one for each column. */
export interface Rows {
  readonly table: string
  readonly rows: readonly string[]
}

const KINDS = { opening: 1, rows: 2, manifest: 3 } as const

const deflated = promisify(deflate) as (bytes: Buffer) => Promise<Buffer>
const inflated = promisify(inflate) as (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
/** A part of ours holds some megabytes, or one row. */
const LARGEST_PART = 512 << 20

async function packed(kind: keyof typeof KINDS, text: string): Promise<Buffer> {
  return Buffer.concat([Buffer.of(KINDS[kind]), await deflated(Buffer.from(text))])
}

/** Counts and hashes rows as they pass. */
class Totals {
  readonly #tables = new Map<string, { rows: number; hash: Hash }>()

  add({ table, rows }: Rows): void {
    const total = this.#tables.get(table) ?? { rows: 0, hash: createHash('sha256') }
    this.#tables.set(table, total)
    total.rows += rows.length
    for (const row of rows) total.hash.update(row).update('\n')
  }

  /** Tables without rows are part of it. */
  of(tables: readonly TableShape[]): Manifest['tables'] {
    const total = (name: string): TableTotal => {
      const { rows, hash } = this.#tables.get(name) ?? { rows: 0, hash: createHash('sha256') }
      return { rows, digest: hash.copy().digest('hex') }
    }
    return Object.fromEntries(tables.map(({ name }) => [name, total(name)]))
  }
}

export interface ToWrite {
  readonly about: Omit<Header, 'format'>
  readonly passphrase: string
  readonly opening: Opening
  readonly rows: AsyncIterable<Rows>
}

/** Writes an archive into an open file and flushes it. */
export async function writeArchive(file: FileHandle, { about, passphrase, opening, rows }: ToWrite): Promise<Manifest> {
  const { bytes, key } = await newHeader(about, passphrase)
  const seal = sealer(key)
  const totals = new Totals()
  await file.appendFile(bytes)
  await file.appendFile(seal(await packed('opening', JSON.stringify(opening)), false))
  for await (const some of rows) {
    totals.add(some)
    await file.appendFile(seal(await packed('rows', [some.table, ...some.rows].join('\n')), false))
  }
  const manifest: Manifest = { tables: totals.of(opening.tables) }
  await file.appendFile(seal(await packed('manifest', JSON.stringify(manifest)), true))
  await file.sync()
  return manifest
}

/** An archive whose passphrase is right. It is read anew each time. */
export interface OpenArchive {
  readonly header: Header
  readonly opening: Opening
  /** All rows in order. Throws an ArchiveFault at the first part that is not as it was, and at the end where something is missing. */
  rows(): AsyncGenerator<Rows, Manifest>
}

export async function openArchive(path: string, passphrase: string): Promise<OpenArchive> {
  const header = await headerOf(path)
  const key = await header.open(passphrase)
  const { value } = await partsOf(path, header, key).next()
  if (value?.kind !== 'opening') throw damaged('it does not begin as it should')
  const opening = JSON.parse(value.text) as Opening
  return { header, opening, rows: () => rowsOf(partsOf(path, header, key), opening) }
}

async function headerOf(path: string): Promise<ReadHeader> {
  const start = Buffer.alloc(LONGEST_HEADER)
  try {
    await using file = await open(path, 'r')
    const { bytesRead } = await file.read(start)
    return readHeader(start.subarray(0, bytesRead))
  } catch (cause) {
    if (cause instanceof ArchiveFault || !(cause instanceof Error) || !('code' in cause)) throw cause
    throw new ArchiveFault(`${path} cannot be read: ${whyUnread(cause)}`, { cause })
  }
}

interface Part {
  readonly kind: keyof typeof KINDS | undefined
  readonly text: string
}

async function* partsOf(path: string, { length }: ReadHeader, key: ArchiveKey): AsyncGenerator<Part> {
  const bytes = createReadStream(path, { start: length, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>
  for await (const part of opened(bytes, key)) {
    const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((name) => KINDS[name] === part[0])
    const text = await inflated(part.subarray(1), { maxOutputLength: LARGEST_PART })
    yield { kind, text: text.toString() }
  }
}

async function* rowsOf(parts: AsyncGenerator<Part>, { tables }: Opening): AsyncGenerator<Rows, Manifest> {
  const totals = new Totals()
  let manifest: Manifest | undefined
  for await (const { kind, text } of parts) {
    if (manifest !== undefined) throw damaged('something follows its end')
    if (kind === 'manifest') manifest = JSON.parse(text) as Manifest
    if (kind !== 'rows') continue
    const [table = '', ...rows] = text.split('\n')
    const some = { table, rows }
    totals.add(some)
    yield some
  }
  if (manifest === undefined) throw damaged('its end is missing')
  if (JSON.stringify(manifest.tables) !== JSON.stringify(totals.of(tables)))
    throw damaged('its rows are not those that its end counts')
  return manifest
}

/** Reads all of it once. What it counts, where every part is as it was. */
export async function verified(archive: OpenArchive, passed: (rows: number) => void): Promise<Manifest> {
  const rows = archive.rows()
  let count = 0
  for (;;) {
    const next = await rows.next()
    if (next.done === true) return next.value
    passed((count += next.value.rows.length))
  }
}
