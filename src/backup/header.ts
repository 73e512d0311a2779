import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { isObject } from '#/lib/is-object.ts'
import { ArchiveFault, damaged } from './archive-fault.ts'

/** Raised when an older reader could no longer understand what is written. */
export const FORMAT = 1

const MAGIC = 'causeway backup'
const NEWLINE = 10
/** Whatever comes after it, the header is no longer than this. */
export const LONGEST_HEADER = 4096

/** What may be read of an archive without its passphrase. */
export interface Header {
  readonly format: number
  /** The version of Causeway that made it. */
  readonly product: string
  /** ISO 8601. */
  readonly madeAt: string
}

interface Sealing {
  readonly kdf: {
    readonly name: 'scrypt'
    readonly N: number
    readonly r: number
    readonly p: number
    readonly salt: string
  }
  /** Tells a wrong passphrase from a damaged archive. */
  readonly check: string
}

/** The keys that a passphrase gives for one archive. */
export interface ArchiveKey {
  readonly key: Buffer
  /** Bound to every frame: a header cannot be exchanged. */
  readonly binding: Buffer
}

/** 128 MiB and about half a second for each guess. */
const COST = { N: 131_072, r: 8, p: 1 }
const MOST = { N: 1_048_576, r: 32, p: 16 }

/** Three lines: what it is, what it says, and the digest of both. */
export async function newHeader(
  about: Omit<Header, 'format'>,
  passphrase: string,
): Promise<{ readonly bytes: Buffer; readonly key: ArchiveKey }> {
  const kdf = { name: 'scrypt', ...COST, salt: randomBytes(16).toString('base64url') } as const
  const { key, check } = await derived(passphrase, kdf)
  const lines = `${MAGIC}\n${JSON.stringify({ format: FORMAT, ...about, kdf, check })}\n`
  const digest = createHash('sha256').update(lines).digest()
  return { bytes: Buffer.from(`${lines}${digest.toString('hex')}\n`), key: { key, binding: digest } }
}

export interface ReadHeader extends Header {
  /** Where the frames begin. */
  readonly length: number
  open(passphrase: string): Promise<ArchiveKey>
}

/** Reads the header at the beginning of an archive. Throws an ArchiveFault for what is none, is damaged, or is newer than we are. */
export function readHeader(start: Buffer): ReadHeader {
  const ends = lineEnds(start)
  if (start.subarray(0, ends[0]).toString() !== MAGIC)
    throw new ArchiveFault(
      'this is no backup of Causeway, or its beginning is damaged: name a file that causeway backup made',
    )
  const [, second, third] = ends
  if (second === undefined || third === undefined) throw damaged('its header is cut off')
  const digest = createHash('sha256')
    .update(start.subarray(0, second + 1))
    .digest()
  if (start.subarray(second + 1, third).toString() !== digest.toString('hex')) throw damaged('its header was altered')
  const said: unknown = JSON.parse(start.subarray((ends[0] ?? 0) + 1, second).toString())
  const header = understood(said)
  return {
    ...header,
    length: third + 1,
    open: async (passphrase) => {
      const { key, check } = await derived(passphrase, header.kdf)
      if (!timingSafeEqual(Buffer.from(check), Buffer.from(header.check.padEnd(check.length).slice(0, check.length))))
        throw new ArchiveFault('the passphrase is not the one that this archive was sealed with; nothing was changed')
      return { key, binding: digest }
    },
  }
}

function lineEnds(start: Buffer): readonly number[] {
  const ends: number[] = []
  for (let at = start.indexOf(NEWLINE); at >= 0 && ends.length < 3; at = start.indexOf(NEWLINE, at + 1)) ends.push(at)
  return ends
}

function understood(said: unknown): Header & Sealing {
  const header = (isObject(said) ? said : {}) as unknown as Header & Sealing
  if (header.format > FORMAT)
    throw new ArchiveFault(
      `the archive was made by a newer version (Causeway ${header.product}, format ${header.format}): restore it with that version or a later one`,
    )
  const { kdf } = header
  const known = kdf.name === 'scrypt' && kdf.N <= MOST.N && kdf.r <= MOST.r && kdf.p <= MOST.p
  if (!known) throw damaged('how its key is made is not known')
  return header
}

async function derived(
  passphrase: string,
  { N, r, p, salt }: Sealing['kdf'],
): Promise<{ readonly key: Buffer; readonly check: string }> {
  const cost = { N, r, p, maxmem: 256 * N * r }
  const bytes = await new Promise<Buffer>((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), 64, cost, (error, made) =>
      error === null ? resolve(made) : reject(error),
    ),
  )
  const check = createHmac('sha256', bytes.subarray(32)).update('causeway backup: is this the passphrase?')
  return { key: bytes.subarray(0, 32), check: check.digest('base64url') }
}
