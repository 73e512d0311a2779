import { GatewayError } from '#/errors/gateway-error.ts'
import { CLOSE_ARRAY, COMMA, OPEN_ARRAY, OPEN_OBJECT, skipSpace } from '#/lib/json-bytes.ts'
import { JsonFault, unexpected } from '#/lib/json-fault.ts'
import { scanObject, scanWhole, skipValue } from '#/lib/json-scanner.ts'
import type { Range } from '#/mcp/frame.ts'

/** Where a member's value lies in a message: `path` leads through objects. undefined: there is none. */
export function valueAt(message: Buffer, path: readonly string[]): Range | undefined {
  let found: Range | undefined
  const look = (at: number, rest: readonly string[]): number => {
    const [key, ...deeper] = rest
    if (key === undefined) {
      const end = skipValue(message, at, path.length)
      found = { start: at, end }
      return end
    }
    const depth = path.length - rest.length
    if (message[at] !== OPEN_OBJECT) return skipValue(message, at, depth)
    return scanObject(message, at, {
      depth: depth + 1,
      visit: (name, _start, value) => (name === key ? look(value, deeper) : skipValue(message, value, depth + 1)),
    })
  }
  understood(() => scanWhole(message, (at) => look(at, path)))
  return found
}

/** The raw JSON at `path`, as text. */
export function rawAt(message: Buffer, path: readonly string[]): string | null {
  const range = valueAt(message, path)
  return range === undefined ? null : message.toString('utf8', range.start, range.end)
}

export interface RawList {
  readonly items: readonly Range[]
  readonly nextCursor: string | undefined
}

/** The items of a list answer, each by where its bytes lie: what a server says of a tool is kept as it said it. */
export function listItems(message: Buffer, member: string): RawList {
  const list = valueAt(message, ['result', member])
  if (list === undefined || message[list.start] !== OPEN_ARRAY)
    throw new GatewayError('upstream_invalid', `the server answered with a list that has no array '${member}'`)
  const cursor = rawAt(message, ['result', 'nextCursor'])
  const nextCursor: unknown = cursor === null ? undefined : JSON.parse(cursor)
  return {
    items: understood(() => elements(message, list.start)),
    nextCursor: typeof nextCursor === 'string' && nextCursor !== '' ? nextCursor : undefined,
  }
}

function elements(message: Buffer, start: number): readonly Range[] {
  const found: Range[] = []
  let at = skipSpace(message, start + 1)
  if (message[at] === CLOSE_ARRAY) return found
  for (;;) {
    const end = skipValue(message, at, 3)
    found.push({ start: at, end })
    at = skipSpace(message, end)
    if (message[at] === CLOSE_ARRAY) return found
    if (message[at] !== COMMA) throw unexpected(message[at], at)
    at = skipSpace(message, at + 1)
  }
}

function understood<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof JsonFault)) throw cause
    throw new GatewayError('upstream_invalid', `the server's answer cannot be read: ${cause.message}`, { cause })
  }
}
