import type { Socket } from 'node:net'
import { Pieces } from './pieces.ts'

/**
 * Many exchanges on one connection. A frame is the length of its payload and the number of its exchange (both 32 bits, little endian),
 * its kind (8 bits) and the payload.
 */
export const MAX_PAYLOAD = 64 << 20
const HEAD = 9
const NOTHING = Buffer.alloc(0)

export class WireFault extends Error {
  override readonly name = 'WireFault'
}

/** One frame. */
export function frameOf(kind: number, exchange: number, payload: Buffer): Buffer {
  return Buffer.concat([headOf(kind, exchange, payload.length), payload])
}

function headOf(kind: number, exchange: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD)
  head.writeUInt32LE(length, 0)
  head.writeUInt32LE(exchange, 4)
  head[8] = kind
  return head
}

export type TakeFrame = (kind: number, exchange: number, payload: Buffer) => void

/** Cuts what a connection brings into frames. */
export class FrameReader {
  readonly #take: TakeFrame
  #parts: Buffer[] = []
  #size = 0
  /** Bytes without which there is no whole frame. */
  #wanted = HEAD

  constructor(take: TakeFrame) {
    this.#take = take
  }

  /** Throws WireFault for what no end of ours would send. */
  push(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size < this.#wanted) return void this.#parts.push(chunk)
    const bytes = this.#parts.length === 0 ? chunk : Buffer.concat([...this.#parts, chunk], this.#size)
    let at = 0
    let end = this.#wanted
    for (;;) {
      const left = bytes.length - at
      end = left < HEAD ? HEAD : HEAD + lengthAt(bytes, at)
      if (left < end) break
      this.#take(bytes[at + 8]!, bytes.readUInt32LE(at + 4), bytes.subarray(at + HEAD, at + end))
      at += end
    }
    this.#wanted = end
    this.#size = bytes.length - at
    this.#parts = this.#size === 0 ? [] : [bytes.subarray(at)]
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at)
  if (length > MAX_PAYLOAD) throw new WireFault('a frame is too long')
  return length
}

/** What is sent in one turn of the loop is one write, for which the other end wakes once. */
export class FrameWriter {
  readonly #socket: Socket
  readonly #pieces = new Pieces()
  #due = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(kind: number, exchange: number, payload: Buffer = NOTHING): void {
    this.begin(kind, exchange, payload.length).add(payload)
  }

  /** A frame whose payload is added in pieces, at once: together `length` bytes, which must not change any more. */
  begin(kind: number, exchange: number, length: number): Pieces {
    if (!this.#due) {
      this.#due = true
      setImmediate(this.#flush)
    }
    this.#pieces.add(headOf(kind, exchange, length))
    return this.#pieces
  }

  readonly #flush = (): void => {
    this.#due = false
    const bytes = this.#pieces.join()
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }
}
