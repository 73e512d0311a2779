import type { Frame } from './frame.ts'
import type { Revision } from './revision.ts'

/** How one upstream answer becomes the client's answer. */
export interface RelayPlan {
  readonly method: string
  readonly clientRevision: Revision
  readonly upstreamRevision: Revision
  /** Raw JSON of the id the client chose; replaces ours. */
  readonly clientId: Buffer
  /** The id we sent upstream: an answer with another one is invalid. */
  readonly upstreamId: number
  /** Raw JSON of the client's progress token, if it asked for progress; ours is `upstreamId`. */
  readonly progressToken: Buffer | undefined
  /** The client's minimum log level, or undefined: no log messages are relayed. */
  readonly logLevel: string | undefined
  /** Raw JSON of serverInfo to put into a modern result's _meta where the upstream gave none. */
  readonly serverInfo: Buffer | undefined
  /** Raw JSON of the capabilities that a modern client declared with this request; asked for only where it matters. */
  readonly clientCapabilities?: () => Buffer | undefined
}

/** What an answer said of itself, known when its last byte has passed. */
export interface AnswerOutcome {
  readonly kind: 'result' | 'error'
  readonly isError: boolean
  readonly errorCode: number | undefined
}

export interface RelayOutput {
  /** The next bytes of the client's answer, ready to write. */
  answer(bytes: Buffer): void
  /** The answer is whole and was valid to its last byte. */
  answered(outcome: AnswerOutcome): void
  /** A whole notification, rewritten for the client. */
  notification(bytes: Buffer): void
  /** A server-to-client request (legacy) or `input_required` (modern). Nothing of it has been written. */
  needsInput(frame: Frame | undefined): void
  /** The upstream's bytes are not a legal or unambiguous answer. Called once; nothing follows. */
  invalid(why: string): void
}

/**
 * Scans and translates the messages of one response as their bytes arrive. Holds at most one token, one notification, or a first
 * chunk of up to 16 KiB that looks like a whole message, until it is known whether it is.
 */
export interface AnswerRelay {
  push(chunk: Buffer): void
  /** One JSON-RPC message has ended: the end of an SSE event, or of a JSON body. */
  endMessage(): void
}
