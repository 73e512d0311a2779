import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder in which a run of the tests keeps what its gateways were told in confidence and what they said; unset: it keeps nothing. */
const FOLDER = process.env['TESTIMONY_FOLDER']

/** Of one gateway. scripts/search-secrets.ts looks for the one in the other. */
export interface Testimony {
  /** What each is. */
  readonly secrets: readonly { readonly what: string; readonly text: string }[]
  readonly said: readonly { readonly where: string; readonly text: string }[]
}

/** Shorter ones stand in many a text by chance. */
const SHORTEST = 10
const TOKEN = /\bcw_[A-Za-z0-9_-]{20,}/g
/** Of a field, a header or a variable, without dashes and underscores. */
const SECRET_NAME = /(?:password|passphrase|secret|secretkey|token|apikey|privatekey|authvalue|authheadervalue)$/i
const isSecret = (name: string): boolean => SECRET_NAME.test(name.replaceAll(/[-_]/g, ''))
const PAIR = ['key', 'value'] as const

/** Remembers of a gateway in a test what must come out nowhere, and where it could have. */
export class Witness {
  readonly #secrets = new Map<string, string>()
  readonly #said: { where: string; text: string }[] = []

  /** Undefined where nothing is kept. */
  static of(env: Readonly<Record<string, string | undefined>>): Witness | undefined {
    if (FOLDER === undefined) return undefined
    const witness = new Witness()
    for (const [name, value = ''] of Object.entries(env)) {
      if (/^(CAUSEWAY_|JWT_)/.test(name) && isSecret(name)) witness.secret(name, value)
      if (name === 'DATABASE_URL' && URL.canParse(value)) witness.secret(name, new URL(value).password)
    }
    return witness
  }

  secret(what: string, text: string): void {
    if (text.length >= SHORTEST && !/^\*+$/.test(text)) this.#secrets.set(text, what)
  }

  /** The body of a request: what is secret by its name. */
  told(body: unknown, name = ''): void {
    if (typeof body === 'string') {
      if (isSecret(name)) this.secret(name, body)
    } else if (typeof body === 'object' && body !== null) {
      const [key, value] = PAIR.map((field) => (body as Readonly<Record<string, unknown>>)[field])
      if (typeof key === 'string') this.told(value, key)
      for (const [field, each] of Object.entries(body)) this.told(each, Array.isArray(body) ? name : field)
    }
  }

  /** An answer: tokens are secret from then on; what goes wrong may tell none. */
  answered(where: string, status: number, text: string): void {
    for (const [token] of text.matchAll(TOKEN)) this.secret('a token', token)
    if (status >= 400) this.said(where, text)
  }

  said(where: string, text: string): void {
    this.#said.push({ where, text })
  }

  /** The token and the keys of a data folder; the start that made it shows the token, once. */
  ownSecrets(dataDir: string): void {
    for (const [what, read] of Object.entries({ 'admin-token': (text: string) => [text.trim()], 'keys.json': keysIn }))
      for (const text of read(readFileSync(join(dataDir, what), 'utf8'))) this.secret(what, text)
  }

  keep(name: string): void {
    const secrets = [...this.#secrets].map(([text, what]) => ({ what, text }))
    const testimony: Testimony = { secrets, said: this.#said }
    writeFileSync(join(FOLDER ?? '', `${name}.json`), JSON.stringify(testimony), { mode: 0o600 })
  }
}

const keysIn = (text: string): readonly string[] =>
  Object.values((JSON.parse(text) as { readonly keys: Readonly<Record<string, string>> }).keys)
