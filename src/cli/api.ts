import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'
import { ownVersion } from './version.ts'

export interface ApiAnswer {
  readonly status: number
  /** The body as it came. */
  readonly text: string
}

export type Json = Readonly<Record<string, unknown>>

/** The gateway's public REST API in its clean form. */
export class Api {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url
    this.#token = token
  }

  /** `body` is JSON text. Throws a CliError that says what to do for everything but 2xx. */
  async request(method: string, path: string, body?: string): Promise<ApiAnswer> {
    const answer = await this.#send(method, path, body)
    const text = await answer.text()
    if (!answer.ok) throw new CliError(explained(answer, text, this.url), { code: plainText(parsed(text)?.['code']) })
    return { status: answer.status, text }
  }

  async json(method: string, path: string, body?: string): Promise<Json> {
    const { text } = await this.request(method, path, body)
    const value = parsed(text)
    if (value === null)
      throw new CliError(`${this.url} answered without JSON: is it a Causeway gateway? Check CAUSEWAY_URL`)
    return value
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

  async #send(method: string, path: string, body: string | undefined): Promise<Response> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
      'user-agent': `causeway-cli/${ownVersion()}`,
    }
    if (body !== undefined) headers['content-type'] = 'application/json'
    try {
      return await fetch(new URL(path, this.url), {
        method,
        headers,
        redirect: 'error',
        ...(body !== undefined && { body }),
      })
    } catch (cause) {
      throw new CliError(unreachable(this.url, cause), { cause })
    }
  }
}

function unreachable(url: string, error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ECONNREFUSED')
    return `nothing answers at ${url}: start the gateway (npm start), or say where it is with CAUSEWAY_URL`
  if (code === 'ENOTFOUND') return `the host of ${url} does not exist: correct CAUSEWAY_URL`
  const why = cause instanceof Error ? cause.message : String(error)
  return `no answer from ${url} (${why}): is CAUSEWAY_URL right, and is the gateway running?`
}

function explained(answer: Response, text: string, url: string): string {
  const body = parsed(text)
  const said = plainText(body?.['detail'] ?? body?.['message'] ?? answer.statusText)
  const at = typeof body?.['field'] === 'string' ? body['field'] : ''
  const field = at === '' || said.startsWith(`${at}:`) ? '' : ` (${at})`
  if (answer.status === 401) return `the gateway at ${url} does not accept the token: set CAUSEWAY_TOKEN to a live one`
  if (body === null)
    return `${url} answered ${answer.status} without JSON: is it a Causeway gateway? Check CAUSEWAY_URL`
  return `${said}${field} [${answer.status} ${plainText(body['code'])}]`
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : null
  } catch {
    return null
  }
}
