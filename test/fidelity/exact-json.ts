/**
 * JSON without loss: numbers, strings and keys stay the bytes that they were; only white space between tokens goes. Bytes
 * are held as latin1 text, so that two values are equal exactly where their bytes are.
 */
export type Exact =
  | { readonly kind: 'object'; readonly members: readonly (readonly [key: string, value: Exact])[] }
  | { readonly kind: 'array'; readonly items: readonly Exact[] }
  | { readonly kind: 'token'; readonly raw: string }

const SPACE = /[ \t\r\n]*/y
const TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Exact {
    const value = this.#value()
    this.#space()
    if (this.#at !== this.#text.length) throw new Error(`more than one value, at ${this.#at}`)
    return value
  }

  #space(): void {
    SPACE.lastIndex = this.#at
    SPACE.exec(this.#text)
    this.#at = SPACE.lastIndex
  }

  #token(): string {
    TOKEN.lastIndex = this.#at
    const raw = TOKEN.exec(this.#text)?.[0]
    if (raw === undefined) throw new Error(`no JSON at ${this.#at}: ${this.#text.slice(this.#at, this.#at + 20)}`)
    this.#at += raw.length
    return raw
  }

  #next(): string {
    this.#space()
    return this.#text[this.#at] ?? ''
  }

  #take(character: string): boolean {
    if (this.#next() !== character) return false
    this.#at++
    return true
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw new Error(`expected ${character} at ${this.#at}`)
  }

  #value(): Exact {
    if (this.#take('{')) return { kind: 'object', members: this.#listed('}', () => this.#member()) }
    if (this.#take('[')) return { kind: 'array', items: this.#listed(']', () => this.#value()) }
    return { kind: 'token', raw: this.#token() }
  }

  #member(): [string, Exact] {
    this.#space()
    const key = this.#token()
    this.#expect(':')
    return [key, this.#value()]
  }

  #listed<T>(end: string, one: () => T): T[] {
    const all: T[] = []
    if (this.#take(end)) return all
    do all.push(one())
    while (this.#take(','))
    this.#expect(end)
    return all
  }
}

export const parseExact = (bytes: Buffer | string): Exact =>
  new Reader(typeof bytes === 'string' ? Buffer.from(bytes).toString('latin1') : bytes.toString('latin1')).whole()

/** The tokens in their order, without white space. Equal texts: equal to the last byte. */
export function render(value: Exact): string {
  if (value.kind === 'token') return value.raw
  if (value.kind === 'array') return `[${value.items.map(render).join(',')}]`
  return `{${value.members.map(([key, member]) => `${key}:${render(member)}`).join(',')}}`
}

/** A member by its key as written, without quotes; undefined where the value has none. */
export function get(value: Exact | undefined, key: string): Exact | undefined {
  return value?.kind === 'object' ? value.members.find(([raw]) => raw === `"${key}"`)?.[1] : undefined
}

export function without(value: Exact, keys: readonly string[]): Exact {
  if (value.kind !== 'object') return value
  return { kind: 'object', members: value.members.filter(([raw]) => !keys.some((key) => raw === `"${key}"`)) }
}

/** The same object with one member changed; `undefined` from `change` removes it. */
export function change(value: Exact, key: string, edit: (member: Exact) => Exact | undefined): Exact {
  if (value.kind !== 'object') return value
  const members = value.members.flatMap(([raw, member]): (readonly [string, Exact])[] => {
    if (raw !== `"${key}"`) return [[raw, member]]
    const edited = edit(member)
    return edited === undefined ? [] : [[raw, edited]]
  })
  return { kind: 'object', members }
}
