import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AnswerReader, type Answer } from './answer-reader.ts'

/** Why a request has no answer, in words that group: no numbers, no addresses. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

export function openSocket(origin: URL): Socket {
  const host = origin.hostname.replaceAll(/[[\]]/g, '')
  const port = Number(origin.port) || (origin.protocol === 'https:' ? 443 : 80)
  const socket =
    origin.protocol === 'https:' ? connectTls({ host, port, servername: host }) : connect({ host, port, noDelay: true })
  return socket.setNoDelay(true)
}

interface Waiting {
  readonly reader: AnswerReader
  readonly timer: NodeJS.Timeout
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: NoAnswer) => void
}

/** A kept-alive connection that carries one request at a time, and is opened again when it is needed and was closed. */
export class Connection implements Disposable {
  readonly #origin: URL
  #socket: Socket | null = null
  #last: AnswerReader | null = null
  #waiting: Waiting | null = null

  constructor(origin: URL) {
    this.#origin = origin
  }

  /** @param patienceMs how long from now an answer is waited for. */
  ask(request: string, patienceMs: number): Promise<Answer> {
    // A stream whose response is known but that goes on: what comes of it must not meet the next answer.
    if (this.#last !== null && !this.#last.isOver) this.#drop()
    const socket = (this.#socket ??= this.#open())
    return new Promise((resolve, reject) => {
      const reader = new AnswerReader()
      const timer = setTimeout(() => this.#fail('no answer in time'), Math.max(0, patienceMs))
      this.#last = reader
      this.#waiting = { reader, timer, resolve, reject }
      socket.write(request)
    })
  }

  [Symbol.dispose](): void {
    this.#fail('the load ended')
    this.#drop()
  }

  #open(): Socket {
    const socket = openSocket(this.#origin)
    socket.on('data', (chunk) => this.#read(socket, chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(socket, wordsOf(error)))
    socket.on('close', () => this.#lost(socket, 'the connection was closed before the answer was whole'))
    return socket
  }

  #read(socket: Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return
    if (this.#last === null) return this.#drop()
    try {
      const answer = this.#last.push(chunk)
      if (answer !== null) this.#answered(answer)
      if (this.#last.isOver && this.#last.headers.connection?.toLowerCase() === 'close') this.#drop()
    } catch (error) {
      this.#fail(error instanceof Error ? `not HTTP: ${error.message}` : String(error))
    }
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting
    this.#waiting = null
    clearTimeout(waiting?.timer)
    waiting?.resolve(answer)
  }

  #lost(socket: Socket, why: string): void {
    if (socket !== this.#socket) return
    this.#socket = null
    const answer = this.#waiting?.reader.end() ?? null
    if (answer === null) this.#fail(why)
    else this.#answered(answer)
  }

  #fail(why: string): void {
    const waiting = this.#waiting
    this.#waiting = null
    this.#drop()
    clearTimeout(waiting?.timer)
    waiting?.reject(new NoAnswer(why))
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    this.#last = null
    socket?.destroy()
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was sent',
  ENOTFOUND: 'the host does not exist',
  EADDRNOTAVAIL: 'this machine has no free port left: fewer users, or more addresses',
  EMFILE: 'this process may open no more files: raise ulimit -n',
}

export const wordsOf = (error: NodeJS.ErrnoException): string => WORDS[error.code ?? ''] ?? error.message
