import { StringDecoder } from 'node:string_decoder'
import { BodyReader } from './body-reader.ts'
import { EventReader } from './event-reader.ts'

/** What a user needs to know of an HTTP answer. */
export interface Answer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** The body; of an event stream the data of the event that is the response. */
  readonly text: string
}

const WANTED = [
  'content-length',
  'transfer-encoding',
  'content-type',
  'connection',
  'mcp-session-id',
  'retry-after',
] as const
type Wanted = (typeof WANTED)[number]
export type AnswerHeaders = Readonly<Partial<Record<Wanted, string>>>

const isWanted = (name: string): name is Wanted => (WANTED as readonly string[]).includes(name)

/** Reads one HTTP/1.1 answer as it arrives. Just what a load needs: it must cost next to nothing. */
export class AnswerReader {
  #unread: Buffer | null = null
  #pieces: Buffer[] = []
  #body: BodyReader | null = null
  #events: { readonly reader: EventReader; readonly decoder: StringDecoder } | null = null
  #answered = false
  status = 0
  headers: AnswerHeaders = {}

  /** The head is here and says that events follow. */
  get isStream(): boolean {
    return this.#events !== null
  }

  /** Nothing of this answer is still to come, so that the connection can be used again. */
  get isOver(): boolean {
    return this.#body?.isOver === true
  }

  /** The answer, once it is whole: of a stream, as soon as the response is here. */
  push(chunk: Buffer): Answer | null {
    let bytes = chunk
    if (this.#body === null) {
      bytes = this.#unread === null ? chunk : Buffer.concat([this.#unread, chunk])
      const begins = this.#readHead(bytes)
      if (begins < 0) {
        this.#unread = bytes
        return null
      }
      bytes = bytes.subarray(begins)
    }
    this.#body?.push(bytes, this.#pieces)
    return this.#whole()
  }

  /** The connection was closed: the answer of one that says no length. */
  end(): Answer | null {
    this.#body?.end()
    return this.#whole()
  }

  #whole(): Answer | null {
    if (this.#answered) return null
    const text = this.#events === null ? this.#text() : this.#response(this.#events)
    if (text === null) return null
    this.#answered = true
    return { status: this.status, headers: this.headers, text }
  }

  #text(): string | null {
    if (!this.isOver) return null
    const [first] = this.#pieces
    if (first === undefined) return ''
    return (this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)).toString()
  }

  /** What comes before the response, such as progress, is passed over; a stream that ends without one answers nothing. */
  #response({ reader, decoder }: { reader: EventReader; decoder: StringDecoder }): string | null {
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) for (const data of reader.read(decoder.write(piece))) if (isResponse(data)) return data
    return this.isOver ? '' : null
  }

  /** Where the body begins; -1: the head is not whole yet. */
  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return -1
    const head = bytes.toString('latin1', 0, end)
    const status = Number(head.slice(9, 12))
    if (!head.startsWith('HTTP/1.') || !(status >= 100)) throw new Error(`no HTTP answer: ${head.slice(0, 60)}`)
    if (status < 200) {
      const rest = this.#readHead(bytes.subarray(end + 4))
      return rest < 0 ? -1 : end + 4 + rest
    }
    this.status = status
    this.headers = headersOf(head)
    this.#body = new BodyReader(this.headers, status)
    if (this.headers['content-type']?.startsWith('text/event-stream'))
      this.#events = { reader: new EventReader(), decoder: new StringDecoder() }
    return end + 4
  }
}

function headersOf(head: string): AnswerHeaders {
  const headers: Partial<Record<Wanted, string>> = {}
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (isWanted(name)) headers[name] = line.slice(colon + 1).trim()
  }
  return headers
}

/** A notification or a request of the server's has a method; asked for only where the text could be one. */
function isResponse(data: string): boolean {
  if (!data.includes('"method"')) return true
  try {
    return !('method' in (JSON.parse(data) as object))
  } catch {
    return true
  }
}
