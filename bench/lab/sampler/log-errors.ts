import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

/** What a line in a log of the database, its pooler or the gateway says when connections are not treated well. */
const ERRORS = {
  'protocol violation (08P01)': /\b08P01\b|ProtocolViolation|unsupported startup parameter|protocol violation/i,
  'idle in transaction too long (25P03)': /\b25P03\b|terminating connection due to idle-in-transaction timeout/,
  'prepared statement (26000, 42P05)': /\b(26000|42P05)\b|prepared statement ".*" (does not exist|already exists)/,
  'too many connections (53300)': /\b53300\b|too many (connections|clients)|no more connections allowed/i,
  'pool error':
    /pooler error|query_wait_timeout|server conn crashed|QueuePool limit|connection_lost|pool.{0,20}timed? ?out/i,
} as const satisfies Record<string, RegExp>

const CHUNK_BYTES = 1 << 20

/** Reads what has been written to log files since it was made; a file may still be to come. */
export class LogErrors {
  readonly #from: ReadonlyMap<string, number>

  constructor(files: readonly string[]) {
    this.#from = new Map(files.map((file) => [file, statSync(file, { throwIfNoEntry: false })?.size ?? 0]))
  }

  /** Lines by what they say; every kind is there, with 0 where all is well. */
  count(): Record<string, number> {
    const counts: Record<string, number> = Object.fromEntries(Object.keys(ERRORS).map((name) => [name, 0]))
    for (const [file, from] of this.#from) {
      for (const line of linesSince(file, from)) {
        for (const [name, pattern] of Object.entries(ERRORS)) {
          if (pattern.test(line)) counts[name] = (counts[name] ?? 0) + 1
        }
      }
    }
    return counts
  }
}

function* linesSince(file: string, from: number): Generator<string> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return
  const descriptor = openSync(file, 'r')
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    const decoder = new StringDecoder('utf8')
    let left = ''
    for (let at = from; ;) {
      const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, at)
      if (read === 0) break
      at += read
      const lines = (left + decoder.write(chunk.subarray(0, read))).split('\n')
      left = lines.pop() ?? ''
      yield* lines
    }
    if (left !== '') yield left
  } finally {
    closeSync(descriptor)
  }
}
