import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is said to the browser and by it: what is needed of it is looked at where it is. */
export type Said = Readonly<Record<string, unknown>>

interface Heard {
  readonly id?: number
  readonly method?: string
  readonly params?: Said
  readonly sessionId?: string
  readonly result?: Said
  readonly error?: { readonly message: string }
}

type Listener = (params: Said) => void

/** The DevTools protocol over two pipes: JSON with a NUL behind each message. */
export class DevTools {
  readonly #out: Writable
  readonly #waiting = new Map<number, (heard: Heard) => void>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #last = 0

  constructor(out: Writable, back: Readable) {
    this.#out = out
    let rest = ''
    back.setEncoding('utf8').on('data', (piece: string) => {
      const messages = (rest + piece).split('\0')
      rest = messages.pop() ?? ''
      for (const message of messages) this.#hear(JSON.parse(message) as Heard)
    })
  }

  #hear(heard: Heard): void {
    if (heard.id !== undefined) return this.#waiting.get(heard.id)?.(heard)
    for (const listener of this.#listeners.get(`${heard.sessionId ?? ''} ${heard.method}`) ?? [])
      listener(heard.params ?? {})
  }

  on(sessionId: string, method: string, listener: Listener): () => void {
    const key = `${sessionId} ${method}`
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Said> {
    const id = ++this.#last
    const answer = new Promise<Heard>((resolve) => this.#waiting.set(id, resolve))
    this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const { error, result = {} } = await Promise.race([answer, sleep(20_000, SILENT, { ref: false })])
    this.#waiting.delete(id)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }
}

const SILENT: Heard = { error: { message: 'the browser does not answer' } }
