import type { Socket } from 'node:net'
import type { Deadlines } from '#/lib/deadlines.ts'
import { Http1Fault } from './http1-fault.ts'
import type { ResponseHead, ResponseHeaders } from './http1-head.ts'
import { type ResponseEvents, ResponseParser } from './http1-parser.ts'
import { type HttpRequest, type RequestStarts, writeRequest } from './http1-write.ts'

/** Holds back the bytes of a response that comes too fast. Some that are already here still follow. */
export interface Flow {
  pause(): void
  resume(): void
}

/** Where a response goes: start, data and end in this order, or an error at any point, which is the last word. */
export interface ResponseHandler {
  /** The request goes out now: from here on the server may have seen it. */
  onRequestStart(flow: Flow): void
  onResponseStart(status: number, headers: ResponseHeaders): void
  onResponseData(chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(cause: Error): void
}

/**
 * An HTTP/1.1 connection for one exchange at a time. Between two it may lie idle for as long as the server allows; whatever
 * comes from the server then ends it.
 */
export class Http1Connection implements ResponseEvents, Flow {
  readonly #socket: Socket
  readonly #starts: RequestStarts
  readonly #deadlines: Deadlines
  readonly #parser = new ResponseParser(this)
  #handler: ResponseHandler | undefined
  #closed = false
  #keepMs = 0
  /** When the last exchange ended, and for how long it may lie idle from there on. */
  #idleUntil = 0
  #expiry: Disposable | undefined

  constructor(socket: Socket, starts: RequestStarts, deadlines: Deadlines) {
    this.#socket = socket
    this.#starts = starts
    this.#deadlines = deadlines
    socket.on('data', (piece: Buffer) => this.#read(piece))
    socket.on('end', () => this.#ended())
    socket.on('error', (cause) => this.#fail(cause))
    socket.on('close', () => this.#fail(new Http1Fault('closed', 'the connection is closed')))
  }

  /** Another exchange may begin. */
  get ready(): boolean {
    return (
      !this.#closed && this.#handler === undefined && performance.now() < this.#idleUntil && !this.#socket.destroyed
    )
  }

  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#handler = handler
    this.#keepMs = 0
    this.#parser.begin(false)
    handler.onRequestStart(this)
    writeRequest(this.#socket, this.#starts, request)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** At once, whatever runs, and without another word to anybody. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handler = undefined
    this.#parser.stop()
    this.#expiry?.[Symbol.dispose]()
    this.#socket.destroy()
  }

  // ── what the parser tells ──

  head({ status, headers, keepMs }: ResponseHead): void {
    this.#keepMs = keepMs
    this.#handler?.onResponseStart(status, headers)
  }

  data(chunk: Buffer): void {
    this.#handler?.onResponseData(chunk)
  }

  end(surplus: boolean): void {
    const handler = this.#handler
    this.#handler = undefined
    // A request that is not wholly out would run into the next one.
    if (surplus || this.#keepMs === 0 || this.#socket.writableLength > 0) this.close()
    else this.#rest()
    handler?.onResponseEnd()
  }

  // ── what the socket tells ──

  #read(piece: Buffer): void {
    // Nothing was asked: a late part of an answer, or a server that is about to close.
    if (this.#handler === undefined) return this.close()
    try {
      this.#parser.push(piece)
    } catch (cause) {
      this.#fail(cause)
    }
  }

  #ended(): void {
    if (this.#handler === undefined) return this.close()
    try {
      this.#keepMs = 0
      this.#parser.finish()
    } catch (cause) {
      this.#fail(cause)
    }
  }

  #fail(cause: unknown): void {
    const handler = this.#handler
    this.close()
    handler?.onResponseError(cause instanceof Error ? cause : new Error(String(cause)))
  }

  // ── idle ──

  /** One entry in the wheel serves many exchanges: it looks whether the connection is idle, and waits on. */
  #rest(): void {
    this.#idleUntil = performance.now() + this.#keepMs
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#expiry ??= this.#deadlines.add(this.#keepMs, this.#expire)
  }

  readonly #expire = (): void => {
    this.#expiry = undefined
    if (this.#closed || this.#handler !== undefined) return
    const left = this.#idleUntil - performance.now()
    if (left <= 0) this.close()
    else this.#expiry = this.#deadlines.add(left, this.#expire)
  }
}
