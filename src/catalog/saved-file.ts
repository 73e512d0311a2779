import { hash } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Sealer } from '#/access/sealing.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pace } from '#/lib/pace.ts'

const FORMAT = 1
/** Of lines, before they are sealed: sealing one stalls nobody. */
const CHUNK_CHARS = 128 << 10

/** What a file says of itself, in clear. */
export interface SavedHeader {
  /** Which part of what is saved. */
  readonly part: string
  /** Host, port and name of the database. */
  readonly database: string
  /** Of Causeway: what another version saved may lack what this one relies on. */
  readonly version: string
  /** The number of the change clock. */
  readonly seq: number
}

export interface SavedFile {
  readonly path: string
  readonly sealer: Sealer
}

/**
 * Writes lines of text to a file: a line that says what it is, then chunks sealed under the key ring, each bound to the first line and
 * to its place, then an end, so that nothing can be altered, moved or cut off unnoticed, and nothing is readable. The file is whole or
 * as it was, 0600, and on disk when this resolves.
 */
export async function writeSaved(
  { path, sealer }: SavedFile,
  header: SavedHeader,
  lines: Iterable<string>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const first = JSON.stringify({ format: FORMAT, ...header })
  const draft = `${path}.new`
  {
    await using file = await open(draft, 'w', 0o600)
    await file.write(`${first}\n`)
    const slice = pace()
    let n = 0
    for (const chunk of chunksOf(lines)) {
      await file.write(`${sealer.seal(purposeOf(first, n++), chunk)}\n`)
      if (slice.due()) await slice.rest()
    }
    await file.write(`${sealer.seal(purposeOf(first, 'end'), String(n))}\n`)
    await file.sync()
  }
  await rename(draft, path)
}

function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk: string[] = []
  let chars = 0
  for (const line of lines) {
    chunk.push(line)
    chars += line.length
    if (chars < CHUNK_CHARS) continue
    yield chunk.join('\n')
    chunk = []
    chars = 0
  }
  if (chunk.length > 0) yield chunk.join('\n')
}

/** Reads what `writeSaved` wrote. `take` may have been given lines of a file that then turns out to be damaged: throw away what it made. */
export async function readSaved(
  { path, sealer }: SavedFile,
  expected: Omit<SavedHeader, 'seq'>,
  take: (line: string) => void,
): Promise<{ readonly seq: number }> {
  await using file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw unusable(path, cause.code === 'ENOENT' ? 'is not there' : `cannot be read (${cause.message})`)
  })
  let header: { readonly text: string; readonly seq: number } | undefined
  let chunks = 0
  let ended = false
  const slice = pace()
  for await (const line of file.readLines()) {
    if (header === undefined) header = { text: line, seq: checkedHeader(path, line, expected) }
    else if (ended) throw damaged(path)
    else {
      const plain = sealer.tryOpen(purposeOf(header.text, chunks), line)
      if (plain !== null) for (const each of plain.toString().split('\n')) take(each)
      else ended = endsAfter({ path, sealer }, { first: header.text, chunks, line })
      if (plain !== null) chunks += 1
      if (slice.due()) await slice.rest()
    }
  }
  if (header === undefined || !ended) throw damaged(path)
  return { seq: header.seq }
}

function checkedHeader(path: string, line: string, expected: Omit<SavedHeader, 'seq'>): number {
  const { format, part, database, version, seq } = jsonObject(line)
  if (typeof format !== 'number' || typeof seq !== 'number' || part !== expected.part) throw damaged(path)
  if (format > FORMAT || version !== expected.version)
    throw unusable(path, `was written by another version of Causeway (${String(version)}); this is ${expected.version}`)
  if (database !== expected.database)
    throw unusable(path, `belongs to the database ${String(database)}, and the settings name ${expected.database}`)
  return seq
}

function endsAfter(
  { path, sealer }: SavedFile,
  { first, chunks, line }: { first: string; chunks: number; line: string },
): true {
  const keyId = /^v1\.([^.]+)\./.exec(line)?.[1]
  if (keyId !== undefined && !sealer.keyIds.includes(keyId))
    throw unusable(path, `is sealed under the key '${keyId}', which keys.json does not have`)
  if (sealer.tryOpen(purposeOf(first, 'end'), line)?.toString() !== String(chunks)) throw damaged(path)
  return true
}

function purposeOf(first: string, place: number | 'end'): string {
  return `saved:${hash('sha256', first)}:${place}`
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const damaged = (path: string): GatewayError =>
  unusable(path, 'is damaged, or was altered, or belongs to another key ring')

export function unusable(path: string, why: string): GatewayError {
  return new GatewayError('unavailable', `${path} ${why}`)
}
