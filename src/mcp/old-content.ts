import { OPEN_OBJECT } from '#/lib/json-bytes.ts'
import { foldKey } from '#/lib/json-keys.ts'
import type { JsonVisitor } from '#/lib/json-stream.ts'
import type { JsonWindow } from '#/lib/json-window.ts'
import type { Revision } from './revision.ts'

/** The revision that brought a type of content. Older clients know a closed list of types and refuse the whole result. */
const SINCE: ReadonlyMap<string, Revision> = new Map([
  ['audio', '2025-03-26'],
  ['resource_link', '2025-06-18'],
])

/** Whether some type of content is unknown to clients of this revision. Revisions are dates: their order is that of their text. */
export function isOldContent(client: Revision): boolean {
  return client < '2025-06-18'
}

/** What stands in the list that is read: items of content, or messages with one item each. */
export type ListOf = 'item' | 'message'

const LONGEST_TOLD = 4096
const TEXT = Buffer.from('"text"')
const READ: ReadonlySet<string> = new Set(['type', 'mimeType', 'uri', 'name'])

/** What a note is made of: raw JSON strings without their quotes, by key. */
interface Told {
  /** The type, where the client does not know it. */
  unknown?: string
  hasText?: boolean
  dataSize?: number
  mimeType?: string
  uri?: string
  name?: string
}

/**
 * Reads a list of content within a result, for a client that is older than some types. An item that it does not know becomes
 * text: its `type` is replaced, and a `text` that says what it is comes last. All else of it stays as it is.
 */
export class OldContent implements JsonVisitor {
  readonly #window: JsonWindow
  readonly #client: Revision
  readonly #listOf: ListOf
  readonly #open: ('list' | ListOf)[] = ['list']
  #key = ''
  #valueAt = 0
  #item: Told = {}
  #flow: 'copy' | 'hold' = 'hold'

  constructor(window: JsonWindow, client: Revision, listOf: ListOf) {
    this.#window = window
    this.#client = client
    this.#listOf = listOf
  }

  /** The list has ended. */
  get done(): boolean {
    return this.#open.length === 0
  }

  /** Where bytes go that arrive before the next event. With `held` bytes waiting, the value is longer than what a note tells. */
  flow(held: number): 'copy' | 'hold' {
    if (this.#flow === 'hold' && this.#key !== '' && held > LONGEST_TOLD) {
      this.#key = ''
      this.#flow = 'copy'
    }
    return this.#flow
  }

  get #inItem(): boolean {
    return this.#open[this.#open.length - 1] === 'item'
  }

  key(key: string, start: number): void {
    this.#window.copyTo(start)
    this.#flow = 'copy'
    this.#key = key
    if (this.#inItem && foldKey(key) === 'text') this.#item.hasText = true
  }

  value(at: number, first: number): boolean {
    this.#valueAt = at
    const opens = first === OPEN_OBJECT ? this.#opens() : undefined
    this.#window.copyTo(at)
    this.#flow = opens !== undefined || (this.#inItem && READ.has(this.#key)) ? 'hold' : 'copy'
    if (opens === undefined) return false
    this.#open.push(opens)
    this.#key = ''
    this.#item = {}
    return true
  }

  #opens(): ListOf | undefined {
    const around = this.#open[this.#open.length - 1]
    if (around === 'list') return this.#listOf
    return around === 'message' && this.#key === 'content' ? 'item' : undefined
  }

  valueEnd(end: number): void {
    if (this.#inItem) this.#read(end)
    this.#window.copyTo(end)
    this.#flow = 'hold'
    this.#key = ''
  }

  #read(end: number): void {
    const item = this.#item
    if (this.#key === 'data') item.dataSize = end - this.#valueAt - 2
    if (!READ.has(this.#key)) return
    const text = this.#window.text(this.#valueAt, end)
    if (text === undefined) return
    if (this.#key !== 'type') {
      item[this.#key as 'mimeType' | 'uri' | 'name'] = text
      return
    }
    const since = SINCE.get(text)
    if (since === undefined || this.#client >= since) return
    item.unknown = text
    this.#window.skipTo(end)
    this.#window.emit(TEXT)
  }

  close(_at: number): void {
    const item = this.#item
    if (this.#inItem && item.unknown !== undefined && !item.hasText) {
      this.#window.emit(Buffer.from(`,"text":${JSON.stringify(noteOf(item))}`))
    }
    this.#open.pop()
    // What ends next is the value that was looked into: nothing of it is read.
    this.#key = ''
    this.#item = {}
  }
}

function noteOf({ unknown, mimeType, dataSize, name, uri }: Told): string {
  if (unknown === 'resource_link') return `[resource link: ${name ?? 'no name'} <${uri ?? 'no URI'}>]`
  // Base64 says three bytes in four characters.
  const size = dataSize === undefined ? 'no data' : `about ${String(Math.floor((dataSize * 3) / 4))} bytes`
  return `[audio: ${mimeType ?? 'unknown type'}, ${size}]`
}
