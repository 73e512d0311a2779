import { setTimeout as sleep } from 'node:timers/promises'

/** A thing as a gateway's API shows it. */
export type Entity = Readonly<Record<string, unknown>>

export interface RestAnswer {
  readonly status: number
  readonly body: unknown
}

const PATIENCE_MS = 60_000
const ATTEMPTS = 5

/** The REST API of a gateway, as an administrator uses it. */
export class Rest {
  readonly #origin: string
  readonly #token: string
  readonly #signal: AbortSignal
  #prefix = ''

  constructor({ url, token, signal }: { url: string; token: string; signal: AbortSignal }) {
    this.#origin = url
    this.#token = token
    this.#signal = signal
  }

  /** Whether there is such an API at all, below /v1 or at the root. Throws where the token is refused. */
  async isThere(): Promise<boolean> {
    for (const prefix of ['/v1', '']) {
      this.#prefix = prefix
      const { status, body } = await this.send('GET', '/gateways')
      if (status === 401 || status === 403) throw new Error(`${this.#origin} refuses the token: ${status}`)
      if (status === 200 && listed(body) !== undefined) return true
    }
    return false
  }

  /** Comes back when it is told to. */
  async send(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(`${this.#origin}${this.#prefix}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${this.#token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)]),
      })
      const text = await answer.text()
      const after = Number(answer.headers.get('retry-after') ?? 1)
      const again = answer.status === 429 || answer.status === 503
      if (!again || attempt === ATTEMPTS) return { status: answer.status, body: parsed(text) }
      await sleep(Math.min(after, 10) * 1000, undefined, { signal: this.#signal })
    }
  }

  /** Makes something; throws with what the gateway said of it. */
  async make(path: string, body: unknown): Promise<Entity> {
    const answer = await this.send('POST', path, body)
    if (answer.status < 300) return answer.body as Entity
    throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`)
  }

  /** All of a kind, whichever way the list is wrapped. */
  async all(path: string): Promise<readonly Entity[]> {
    const { status, body } = await this.send('GET', path)
    const list = listed(body)
    if (list === undefined) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body).slice(0, 500)}`)
    return list
  }
}

function listed(body: unknown): readonly Entity[] | undefined {
  if (Array.isArray(body)) return body as Entity[]
  if (typeof body !== 'object' || body === null) return undefined
  return Object.values(body).find((value) => Array.isArray(value)) as Entity[] | undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
