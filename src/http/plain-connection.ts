import type { Socket } from 'node:net'
import type { Deadlines } from '#/lib/deadlines.ts'
import { type ExchangeOwner, IDLE_MS, PlainExchange } from './plain-exchange.ts'
import { readPlainHead, type PlainHead } from './plain-head.ts'

/** What a connection is served by. */
export interface PlainService {
  readonly deadlines: Deadlines
  /** Whether requests for this path are answered here. */
  readonly takes: (url: string) => boolean
  readonly serve: (exchange: PlainExchange) => void
  /** Serves a connection from its next byte on, whatever comes. `until`: when its head must have come, as performance.now() counts. */
  readonly handOver: (socket: Socket, until: number) => void
  /** Told to wind up: every answer closes its connection. */
  readonly quiet: () => boolean
  readonly closed: (connection: PlainConnection) => void
}

/** A head must come within this time of the connection (cut by ten seconds), a body within that of its head. */
const HEAD_MS = 9_500
const SPREAD_MS = 1_500
const BODY_MS = 60_000
/** A client that still sends what nobody reads gets this long to read why. */
const LINGER_MS = 1_000
/** A client that sends ahead is read so far, and no further, until its answer is out: who does not read hears of no end. */
const AHEAD_BYTES = 64 << 10

/**
 * A connection as long as its requests are plain: read with next to no work, since the next one mostly begins with the same
 * bytes. With the first that is not, the whole connection goes to node:http, which reads everything else.
 */
export class PlainConnection implements ExchangeOwner {
  readonly socket: Socket
  readonly #service: PlainService
  #head: PlainHead | undefined
  #exchange: PlainExchange | undefined
  /** What came behind a request that is not answered yet. */
  #held: Buffer | undefined
  #until: number
  #watch: Disposable | undefined
  #over = false

  constructor(socket: Socket, service: PlainService) {
    this.socket = socket
    this.#service = service
    // Those that came together do not go together: a thousand ends at once would hold up whoever is served meanwhile.
    const headMs = HEAD_MS - Math.random() * SPREAD_MS
    this.#until = performance.now() + headMs
    this.#watchFor(headMs)
    socket.on('data', this.#read)
    socket.on('end', this.#ended)
    socket.on('error', this.#ended)
    socket.on('close', this.#closed)
    socket.resume()
  }

  get idle(): boolean {
    return this.#exchange === undefined && this.#held === undefined
  }

  get closing(): boolean {
    return this.#service.quiet()
  }

  close(): void {
    this.socket.destroy()
  }

  answered(reusable: boolean): void {
    this.#exchange = undefined
    if (!reusable) return this.#windUp()
    this.#until = performance.now() + IDLE_MS
    if (this.#held === undefined) this.socket.resume()
    else setImmediate(this.#goOn)
  }

  readonly #read = (piece: Buffer): void => {
    if (this.#exchange !== undefined) return this.#more(piece)
    const before = this.#head
    const head = readPlainHead(piece, before)
    if (head === undefined || (head !== before && !this.#service.takes(head.url))) return this.#handOver(piece)
    this.#head = head
    const whole = head.bytes.length + head.contentLength
    if (piece.length > whole) return this.#handOver(piece)
    this.#until = performance.now() + BODY_MS
    this.#exchange = new PlainExchange(this, head, piece.subarray(head.bytes.length))
    this.#service.serve(this.#exchange)
  }

  /** More of the body; or of what comes behind it, which waits. */
  #more(piece: Buffer): void {
    const rest = this.#exchange?.receive(piece)
    if (rest === undefined) return
    this.#held = this.#held === undefined ? rest : Buffer.concat([this.#held, rest])
    if (this.#held.length > AHEAD_BYTES) this.socket.pause()
  }

  readonly #goOn = (): void => {
    const piece = this.#held
    this.#held = undefined
    if (this.#over || piece === undefined) return
    this.socket.resume()
    this.#read(piece)
  }

  #handOver(piece: Buffer): void {
    const { socket } = this
    const headUntil = this.#head === undefined ? this.#until : performance.now() + HEAD_MS
    this.#leave()
    socket.pause()
    socket.unshift(piece)
    this.#service.handOver(socket, headUntil)
    process.nextTick(() => socket.resume())
  }

  #leave(): void {
    this.#over = true
    this.#watch?.[Symbol.dispose]()
    this.socket.off('data', this.#read)
    this.socket.off('end', this.#ended)
    this.socket.off('error', this.#ended)
    this.socket.off('close', this.#closed)
    this.#service.closed(this)
  }

  /** Nothing more is read for anybody; who still sends hears the answer first. */
  #windUp(): void {
    this.socket.off('data', this.#read)
    this.socket.resume()
    this.socket.end()
    this.#until = performance.now() + LINGER_MS
    this.#watch?.[Symbol.dispose]()
    this.#watchFor(LINGER_MS)
  }

  readonly #ended = (): void => {
    this.socket.destroy()
  }

  readonly #closed = (): void => {
    if (this.#over) return
    this.#leave()
    this.#exchange?.gone()
  }

  /** One entry in the wheel serves all deadlines of a connection: it looks whether one has passed, and waits on. */
  readonly #look = (): void => {
    const now = performance.now()
    if (this.#exchange?.complete === true) return this.#watchFor(BODY_MS)
    if (now < this.#until) return this.#watchFor(this.#until - now)
    if (this.#exchange === undefined) return this.close()
    // Should the client not take this either, the next look cuts it.
    this.#watchFor(LINGER_MS)
    this.#exchange.tooSlow()
  }

  #watchFor(left: number): void {
    this.#watch = this.#service.deadlines.add(left, this.#look)
  }
}
