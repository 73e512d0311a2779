import type { Socket } from 'node:net'
import type { Answer } from './answer-reader.ts'
import { AnswerReader } from './answer-reader.ts'
import { openSocket, wordsOf } from './connection.ts'

export type StreamEnd =
  /** It was open, and is no more. */
  | { readonly kind: 'closed' }
  /** An answer instead of a stream. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'lost'; readonly why: string }

/** A stream on a connection of its own, kept open for as long as the other side does; what comes on it is not looked at. */
export class EventStream implements Disposable {
  readonly #socket: Socket
  readonly #reader = new AnswerReader()
  isOpen = false
  readonly ended: Promise<StreamEnd>

  constructor(origin: URL, request: string, opened: () => void) {
    const socket = openSocket(origin)
    this.#socket = socket
    this.ended = new Promise((resolve) => {
      socket.on('data', (chunk) => {
        try {
          const answer = this.#reader.push(chunk)
          if (this.#reader.isStream && this.#reader.status === 200 && !this.isOpen) {
            this.isOpen = true
            opened()
          }
          if (answer !== null) resolve(this.isOpen ? { kind: 'closed' } : { kind: 'answer', answer })
        } catch (error) {
          resolve({ kind: 'lost', why: `not HTTP: ${String(error)}` })
        }
      })
      socket.on('error', (error) => resolve({ kind: 'lost', why: wordsOf(error) }))
      socket.on('close', () => resolve(this.isOpen ? { kind: 'closed' } : { kind: 'lost', why: 'closed at once' }))
    })
    socket.write(request)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
