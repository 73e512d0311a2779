import { OPEN_ARRAY, OPEN_OBJECT, QUOTE, MINUS, isDigit } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { scanObject, scanWhole, skipValue } from '#/lib/json-scanner.ts'
import { decodeString } from '#/lib/json-string.ts'
import type { Frame, Member, Range } from './frame.ts'

export interface FrameLimits {
  readonly maxBytes?: number
}

export type FrameFault = 'malformed' | 'ambiguous' | 'invalid_request' | 'too_large'

export type ReadFrame =
  | { readonly ok: true; readonly frame: Frame }
  | {
      readonly ok: false
      readonly code: FrameFault
      readonly detail: string
      /** Raw JSON of the id, where the message gave one that an answer may carry. */
      readonly id?: Buffer
    }

/** Reads one JSON-RPC message in one pass; the frame's ranges lie in `bytes`. */
export function readFrame(bytes: Buffer, limits: FrameLimits = {}): ReadFrame {
  if (limits.maxBytes !== undefined && bytes.length > limits.maxBytes) {
    return { ok: false, code: 'too_large', detail: `the body is larger than ${String(limits.maxBytes)} bytes` }
  }
  const scan = new FrameScan(bytes)
  try {
    scanWhole(bytes, (at) => scan.root(at))
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault
    const id = fault.code === 'ambiguous' && fault.depth > 1 ? scan.idBytes() : undefined
    return { ok: false, code: fault.code, detail: fault.message, ...(id && { id }) }
  }
  return scan.result()
}

/** What one pass over a message has found. */
class FrameScan {
  readonly #bytes: Buffer
  readonly #members: Member[] = []
  #meta: Member[] | undefined
  #problem: string | undefined
  #version = false
  #id: Range | undefined
  #method: string | undefined
  #params: Range | undefined
  #result = false
  #error = false
  #name: string | undefined
  #uri: string | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  root(at: number): number {
    const first = this.#bytes[at]
    if (first === OPEN_OBJECT)
      return scanObject(this.#bytes, at, { depth: 1, visit: (key, _start, value) => this.#top(key, value) })
    this.#problem =
      first === OPEN_ARRAY
        ? 'one message per request: JSON-RPC batching was removed in protocol version 2025-06-18'
        : 'a JSON-RPC message is an object'
    return skipValue(this.#bytes, at, 0)
  }

  #top(key: string, at: number): number {
    switch (key) {
      case 'params':
        return this.#readParams(at)
      case 'id':
        return this.#readId(at)
      case 'method':
      case 'jsonrpc':
        return this.#readText(key, at)
      case 'result':
        this.#result = true
        return skipValue(this.#bytes, at, 1)
      case 'error':
        this.#error = true
        return skipValue(this.#bytes, at, 1)
      default:
        return skipValue(this.#bytes, at, 1)
    }
  }

  #readText(key: 'method' | 'jsonrpc', at: number): number {
    const end = skipValue(this.#bytes, at, 1)
    const text = this.#bytes[at] === QUOTE ? decodeString(this.#bytes, at, end) : undefined
    if (key === 'jsonrpc') this.#version = text === '2.0'
    else if (text === undefined) this.#problem ??= 'method must be a string'
    else this.#method = text
    return end
  }

  #readId(at: number): number {
    const end = skipValue(this.#bytes, at, 1)
    if (isId(this.#bytes, at, end)) this.#id = { start: at, end }
    else if (this.#bytes[at] !== 0x6e) this.#problem ??= 'id must be a string or an integer'
    else this.#id = { start: at, end }
    return end
  }

  #readParams(at: number): number {
    if (this.#bytes[at] !== OPEN_OBJECT) {
      this.#problem ??= 'params must be an object'
      return skipValue(this.#bytes, at, 1)
    }
    const end = scanObject(this.#bytes, at, { depth: 2, visit: (key, start, value) => this.#param(key, start, value) })
    this.#params = { start: at, end }
    return end
  }

  #param(key: string, start: number, at: number): number {
    const end = key === '_meta' ? this.#readMeta(at) : skipValue(this.#bytes, at, 2)
    this.#members.push({ key, member: { start, end }, value: { start: at, end } })
    if (this.#bytes[at] === QUOTE) {
      if (key === 'name') this.#name = decodeString(this.#bytes, at, end)
      else if (key === 'uri') this.#uri = decodeString(this.#bytes, at, end)
    }
    return end
  }

  #readMeta(at: number): number {
    if (this.#bytes[at] !== OPEN_OBJECT) {
      this.#problem ??= 'params._meta must be an object'
      return skipValue(this.#bytes, at, 2)
    }
    const meta: Member[] = []
    this.#meta = meta
    const visit = (key: string, start: number, value: number): number => {
      const end = skipValue(this.#bytes, value, 3)
      meta.push({ key, member: { start, end }, value: { start: value, end } })
      return end
    }
    return scanObject(this.#bytes, at, { depth: 3, visit })
  }

  idBytes(): Buffer | undefined {
    if (this.#id === undefined || this.#bytes[this.#id.start] === 0x6e) return undefined
    return this.#bytes.subarray(this.#id.start, this.#id.end)
  }

  result(): ReadFrame {
    const problem = this.#problem ?? this.#shapeProblem()
    if (problem === undefined) return { ok: true, frame: this.#frame() }
    const id = this.idBytes()
    return { ok: false, code: 'invalid_request', detail: problem, ...(id && { id }) }
  }

  #shapeProblem(): string | undefined {
    if (!this.#version) return 'jsonrpc must be "2.0"'
    const nullId = this.#id !== undefined && this.#bytes[this.#id.start] === 0x6e
    if (this.#method !== undefined) {
      if (nullId) return 'id must not be null'
      return this.#result || this.#error ? 'a message has either a method or a result or error' : undefined
    }
    if (this.#result === this.#error) return 'a message needs a method, a result or an error'
    if (this.#result && nullId) return 'id must not be null'
    return this.#id === undefined && this.#result ? 'a result needs an id' : undefined
  }

  #frame(): Frame {
    const method = this.#method
    const kind = method === undefined ? 'response' : this.#id === undefined ? 'notification' : 'request'
    return {
      bytes: this.#bytes,
      kind,
      method: method ?? '',
      id: this.#id,
      params: this.#params,
      members: this.#members,
      meta: this.#meta,
      name: this.#name,
      uri: this.#uri,
    }
  }
}

/** A string, or an integer without fraction or exponent; of any size. The range has been scanned. */
export function isId(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]
  if (first === QUOTE) return true
  if (first !== MINUS && !isDigit(first)) return false
  for (let i = start + 1; i < end; i++) if (!isDigit(bytes[i])) return false
  return true
}
