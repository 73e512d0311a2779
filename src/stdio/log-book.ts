/** One line of what a server wrote beside its protocol, or of what became of it. */
export interface LogLine {
  /** ISO 8601. */
  readonly at: string
  /** stderr: what it wrote there. stdout: what it wrote there that is no message. host: what became of its process. */
  readonly stream: 'stderr' | 'stdout' | 'host'
  readonly pid: number | null
  readonly text: string
}

const MAX_LINES = 1000
const MAX_BYTES = 128 << 10
const MAX_LINE = 4096
/** Shorter values would blot out ordinary words. */
const SHORTEST_SECRET = 8

/** The last lines of one server, bounded in number and bytes. What was given to it and is secret is masked. */
export class LogBook {
  readonly #lines: LogLine[] = []
  readonly #followers = new Set<(line: LogLine) => void>()
  #bytes = 0
  #secrets: readonly string[] = []

  /** Values that must not be read here. */
  conceal(secrets: readonly string[]): void {
    const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
    this.#secrets = [...new Set(long)].toSorted((a, b) => b.length - a.length)
  }

  write(stream: LogLine['stream'], pid: number | null, said: string): void {
    const line = { at: new Date().toISOString(), stream, pid, text: this.#masked(said) }
    this.#lines.push(line)
    this.#bytes += line.text.length
    while (this.#lines.length > MAX_LINES || this.#bytes > MAX_BYTES)
      this.#bytes -= this.#lines.shift()?.text.length ?? 0
    for (const tell of this.#followers) tell(line)
  }

  /** The last `count` lines, oldest first. */
  tail(count: number): readonly LogLine[] {
    return count === 0 ? [] : this.#lines.slice(-count)
  }

  follow(tell: (line: LogLine) => void): Disposable {
    this.#followers.add(tell)
    return { [Symbol.dispose]: () => this.#followers.delete(tell) }
  }

  #masked(said: string): string {
    let text = said
    for (const secret of this.#secrets) text = text.replaceAll(secret, '*****')
    return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)} … (${text.length} characters)` : text
  }
}
