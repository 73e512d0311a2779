import type { IncomingHttpHeaders, OutgoingHttpHeader } from 'node:http'

/** What the front door needs of a request, whoever read it: node:http's IncomingMessage is one. */
export interface FrontRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** As they came: name, value, name, value … */
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** The whole body has come. */
  readonly complete: boolean
  on(event: 'data', listener: (piece: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
}

/** What the front door needs of a response: node:http's ServerResponse is one. */
export interface FrontResponse {
  readonly headersSent: boolean
  readonly destroyed: boolean
  /** Sent to its last byte. */
  readonly writableFinished: boolean
  /** `fields`: name, value, name, value … */
  writeHead(status: number, fields: OutgoingHttpHeader[]): unknown
  /** False: the caller reads slowly, and a `drain` will come. */
  write(bytes: Buffer): boolean
  end(last?: Buffer): unknown
  end(last: string, encoding: 'latin1'): unknown
  destroy(): unknown
  setTimeout(ms: number, passed: () => void): unknown
  on(event: 'close', listener: () => void): unknown
  once(event: 'drain', listener: () => void): unknown
}
