import { exactJson } from '#/lib/exact-json.ts'
import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'
import { ownVersion } from './version.ts'

export interface ApiAnswer {
  readonly status: number
  /** The body as it came. */
  readonly text: string
}

export type Json = Readonly<Record<string, unknown>>

export interface SendOptions {
  /** JSON text. */
  readonly body?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Gives up this request alone. */
  readonly signal?: AbortSignal
}

/** The gateway's public REST API in its clean form. */
export class Api {
  readonly url: string
  readonly #token: string
  readonly #stop: AbortSignal

  /** Once `stop` is aborted, what is under way is given up. token '': for what is open to strangers. */
  constructor(url: string, token: string, stop: AbortSignal) {
    this.url = url
    this.#token = token
    this.#stop = stop
  }

  /** `body` is JSON text. Throws a CliError that says what to do for everything but 2xx. */
  async request(method: string, path: string, body?: string): Promise<ApiAnswer> {
    const answer = await this.send(method, path, { body })
    const text = await answer.text()
    if (!answer.ok) throw failure(answer, text, this.url)
    return { status: answer.status, text }
  }

  async json(method: string, path: string, body?: string): Promise<Json> {
    const { text } = await this.request(method, path, body)
    const value = parsed(text)
    if (value === null) throw notOurs(this.url)
    return value
  }

  /** Changes what is still at `version`; what somebody else changed meanwhile is not lost. */
  async change(path: string, body: object, version: unknown): Promise<Json> {
    const headers = { 'if-match': `"${plainText(version)}"` }
    const answer = await this.send('PUT', path, { body: JSON.stringify(body), headers })
    const text = await answer.text()
    if (!answer.ok) throw failure(answer, text, this.url)
    return parsed(text) ?? {}
  }

  /** Every item of a paged list, page by page. */
  async *pages(path: string, member: string): AsyncGenerator<readonly Json[]> {
    let cursor: string | null = null
    do {
      const url = new URL(path, this.url)
      url.searchParams.set('include_pagination', 'true')
      if (!url.searchParams.has('limit')) url.searchParams.set('limit', '500')
      if (cursor !== null) url.searchParams.set('cursor', cursor)
      const page = await this.json('GET', url.pathname + url.search)
      yield Array.isArray(page[member]) ? (page[member] as readonly Json[]) : []
      cursor = typeof page['nextCursor'] === 'string' ? page['nextCursor'] : null
    } while (cursor !== null)
  }

  async all(path: string, member: string): Promise<readonly Json[]> {
    return (await Array.fromAsync(this.pages(path, member))).flat()
  }

  /** The answer as soon as its head is there, whatever its status. */
  async send(method: string, path: string, { body, headers, signal }: SendOptions = {}): Promise<Response> {
    try {
      return await fetch(new URL(path, this.url), {
        method,
        redirect: 'error',
        signal: signal === undefined ? this.#stop : AbortSignal.any([this.#stop, signal]),
        headers: {
          ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
          accept: 'application/json',
          'user-agent': `causeway-cli/${ownVersion()}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body }),
      })
    } catch (cause) {
      throw new CliError(unreachable(this.url, cause), { cause, code: 'unreachable' })
    }
  }
}

function unreachable(url: string, error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ECONNREFUSED')
    return `nothing answers at ${url}: start the gateway (causeway serve), or say where it is with CAUSEWAY_URL`
  if (code === 'ENOTFOUND') return `the host of ${url} does not exist: correct CAUSEWAY_URL`
  const why = cause instanceof Error ? cause.message : String(error)
  return `no answer from ${url} (${why}): is CAUSEWAY_URL right, and is the gateway running?`
}

const notOurs = (url: string, status = ''): CliError =>
  new CliError(`${url} answered${status} without JSON: is it a Causeway gateway? Check CAUSEWAY_URL`, {
    code: 'no_gateway',
  })

/** What an answer other than 2xx means, in words. */
export function failure({ status, statusText }: Response, text: string, url: string): CliError {
  const body = parsed(text)
  if (status === 401)
    return new CliError(
      `the gateway at ${url} does not accept the token: causeway login, or set CAUSEWAY_TOKEN to a live one`,
      {
        code: 'unauthenticated',
        status,
      },
    )
  if (body === null) return notOurs(url, ` ${status}`)
  const said = plainText(body['detail'] ?? body['message'] ?? statusText)
  const field = plainText(body['field'])
  const at = field === '' || said.startsWith(`${field}:`) ? '' : ` (${field})`
  const code = plainText(body['code'])
  return new CliError(`${said}${at} [${status} ${code}]`, { code, status, ...(field !== '' && { details: { field } }) })
}

function parsed(text: string): Json | null {
  try {
    const value = exactJson(text)
    return typeof value === 'object' && value !== null ? (value as Json) : null
  } catch {
    return null
  }
}
