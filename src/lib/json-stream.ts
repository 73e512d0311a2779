import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  MINUS,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  isDigit,
  isHex,
  isShortEscape,
  plainRun,
  skipSpace,
} from './json-bytes.ts'
import { JsonFault, unexpected } from './json-fault.ts'
import { KeySet, keyOf, plainKey } from './json-keys.ts'
import { NumberCheck } from './json-number.ts'
import { ambiguousKey, tooDeep } from './json-scanner.ts'
import { decodeString } from './json-string.ts'
import { Utf8Check } from './json-utf8.ts'

/** What a scan tells. Offsets count from the first byte of the text. */
export interface JsonVisitor {
  /** A member of the innermost object that is looked into: its key is whole; `start` is where the key begins. */
  key(key: string, start: number): void
  /** Its value (or an array's next one, or the whole text's) begins with byte `first`. True looks into an object or array. */
  value(at: number, first: number): boolean
  /** That value has ended; `end` is the index after it. */
  valueEnd(end: number): void
  /** The innermost object or array that is looked into ends with the bracket at `at`. */
  close(at: number): void
}

/** A key that we look at is held until it is whole. */
const LONGEST_KEY = 65_536
const DEEPEST = 10_000

const VALUE = 0
const FIRST_ELEMENT = 1
const FIRST_KEY = 2
const KEY = 3
const AFTER_KEY = 4
const AFTER_VALUE = 5
const STRING = 6
const ESCAPE = 7
const HEX = 8
const NUMBER = 9
const LITERAL = 10
const END = 11

/** Scans one JSON text as its bytes arrive, in one pass. Throws JsonFault at the first byte that cannot be. */
export class JsonStream {
  readonly #visitor: JsonVisitor
  readonly #utf8 = new Utf8Check()
  readonly #number = new NumberCheck()
  readonly #told: KeySet[] = []
  #open = new Uint8Array(64)
  #state = VALUE
  #depth = 0
  /** Offset of the current chunk's first byte. */
  #base = 0
  #inKey = false
  #keyAt = 0
  #keyHead: Buffer | undefined
  #hexLeft = 0
  #literal = ''
  #matched = 0

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor
  }

  push(chunk: Buffer): void {
    if (!this.#utf8.push(chunk)) throw new JsonFault('malformed', 'the JSON is not valid UTF-8', { at: this.#base })
    let i = 0
    while (i < chunk.length) i = this.#step(chunk, i)
    if (this.#inKey) this.#holdKey(chunk)
    this.#base += chunk.length
  }

  /** The text has ended: throws where it is not whole. */
  end(): void {
    if (this.#state === NUMBER && this.#depth === 0 && this.#number.whole) this.#finish(this.#base)
    if (this.#state !== END || !this.#utf8.whole) throw unexpected(undefined, this.#base)
  }

  #step(chunk: Buffer, i: number): number {
    switch (this.#state) {
      case STRING:
        return this.#string(chunk, i)
      case ESCAPE:
        return this.#escape(chunk, i)
      case HEX:
        return this.#hex(chunk, i)
      case NUMBER:
        return this.#digits(chunk, i)
      case LITERAL:
        return this.#letters(chunk, i)
      default:
        return this.#structure(chunk, i)
    }
  }

  #structure(chunk: Buffer, from: number): number {
    const i = skipSpace(chunk, from)
    if (i >= chunk.length) return i
    const c = chunk[i]!
    switch (this.#state) {
      case VALUE:
        return this.#begin(chunk, i)
      case FIRST_ELEMENT:
        return c === CLOSE_ARRAY ? this.#close(i) : this.#begin(chunk, i)
      case FIRST_KEY:
        return c === CLOSE_OBJECT ? this.#close(i) : this.#beginKey(c, i)
      case KEY:
        return this.#beginKey(c, i)
      case AFTER_KEY:
        if (c !== COLON) throw unexpected(c, this.#base + i)
        this.#state = VALUE
        return i + 1
      case AFTER_VALUE:
        return this.#afterValue(c, i)
      default:
        throw unexpected(c, this.#base + i)
    }
  }

  #begin(chunk: Buffer, i: number): number {
    const c = chunk[i]!
    const at = this.#base + i
    const look = this.#depth === this.#told.length && this.#visitor.value(at, c)
    switch (c) {
      case QUOTE:
        this.#state = STRING
        return i + 1
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#push(c, at)
        if (look) this.#told.push(new KeySet())
        this.#state = c === OPEN_OBJECT ? FIRST_KEY : FIRST_ELEMENT
        return i + 1
      case 0x74:
        return this.#beginLiteral('true', i)
      case 0x66:
        return this.#beginLiteral('false', i)
      case 0x6e:
        return this.#beginLiteral('null', i)
      default:
        if (c !== MINUS && !isDigit(c)) throw unexpected(c, at)
        this.#number.begin()
        this.#state = NUMBER
        return i
    }
  }

  #beginLiteral(text: string, i: number): number {
    this.#literal = text
    this.#matched = 1
    this.#state = LITERAL
    return i + 1
  }

  #beginKey(c: number, i: number): number {
    if (c !== QUOTE) throw unexpected(c, this.#base + i)
    this.#state = STRING
    this.#inKey = true
    this.#keyAt = this.#base + i
    return i + 1
  }

  #afterValue(c: number, i: number): number {
    const inside = this.#open[this.#depth]!
    if (c === inside + 2) return this.#close(i)
    if (c !== COMMA) throw unexpected(c, this.#base + i)
    this.#state = inside === OPEN_OBJECT ? KEY : VALUE
    return i + 1
  }

  #push(container: number, at: number): void {
    this.#depth++
    if (this.#depth > DEEPEST) throw tooDeep(at, this.#depth)
    if (this.#depth === this.#open.length) {
      const larger = new Uint8Array(this.#open.length * 2)
      larger.set(this.#open)
      this.#open = larger
    }
    this.#open[this.#depth] = container
  }

  #close(i: number): number {
    if (this.#depth === this.#told.length) {
      this.#visitor.close(this.#base + i)
      this.#told.pop()
    }
    this.#depth--
    this.#finish(this.#base + i + 1)
    return i + 1
  }

  #finish(end: number): void {
    this.#state = this.#depth === 0 ? END : AFTER_VALUE
    if (this.#depth === this.#told.length) this.#visitor.valueEnd(end)
  }

  #string(chunk: Buffer, from: number): number {
    let i = plainRun(chunk, from, chunk.length)
    while (chunk[i] === BACKSLASH && isShortEscape(chunk[i + 1])) i = plainRun(chunk, i + 2, chunk.length)
    if (i >= chunk.length) return i
    const c = chunk[i]!
    if (c === BACKSLASH) this.#state = ESCAPE
    else if (c !== QUOTE) throw unexpected(c, this.#base + i)
    else if (this.#inKey) this.#endKey(chunk, i + 1)
    else this.#finish(this.#base + i + 1)
    return i + 1
  }

  #endKey(chunk: Buffer, end: number): void {
    this.#inKey = false
    this.#state = AFTER_KEY
    const head = this.#keyHead
    this.#keyHead = undefined
    const keys = this.#told[this.#depth - 1]
    if (keys === undefined || this.#depth !== this.#told.length) return
    const bytes = head === undefined ? chunk : Buffer.concat([head, chunk.subarray(0, end)])
    const start = head === undefined ? this.#keyAt - this.#base : 0
    const key = plainKey(bytes, start) ?? keyOf(decodeString(bytes, start, head === undefined ? end : bytes.length))
    if (!keys.add(key)) throw ambiguousKey(key.text, this.#keyAt, this.#depth)
    this.#visitor.key(key.text, this.#keyAt)
  }

  /** The chunk ends inside a key: where that key is looked at, its beginning is kept. */
  #holdKey(chunk: Buffer): void {
    if (this.#depth !== this.#told.length) return
    const part = chunk.subarray(Math.max(0, this.#keyAt - this.#base))
    this.#keyHead = this.#keyHead === undefined ? Buffer.from(part) : Buffer.concat([this.#keyHead, part])
    if (this.#keyHead.length > LONGEST_KEY) {
      throw new JsonFault('malformed', 'a key is longer than 64 KiB', { at: this.#keyAt })
    }
  }

  #escape(chunk: Buffer, i: number): number {
    const c = chunk[i]!
    if (c === 0x75) {
      this.#state = HEX
      this.#hexLeft = 4
    } else if (isShortEscape(c)) this.#state = STRING
    else throw unexpected(c, this.#base + i)
    return i + 1
  }

  #hex(chunk: Buffer, i: number): number {
    if (!isHex(chunk[i])) throw unexpected(chunk[i], this.#base + i)
    if (--this.#hexLeft === 0) this.#state = STRING
    return i + 1
  }

  #letters(chunk: Buffer, i: number): number {
    if (chunk[i] !== this.#literal.charCodeAt(this.#matched)) throw unexpected(chunk[i], this.#base + i)
    if (++this.#matched === this.#literal.length) this.#finish(this.#base + i + 1)
    return i + 1
  }

  #digits(chunk: Buffer, from: number): number {
    const i = this.#number.push(chunk, from)
    if (i === chunk.length) return i
    if (!this.#number.whole) throw unexpected(chunk[i], this.#base + i)
    this.#finish(this.#base + i)
    return i
  }
}
