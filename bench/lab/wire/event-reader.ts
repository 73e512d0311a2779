/** Server-sent events, as much of them as MCP uses: the data of each. */
export class EventReader {
  #text = ''

  /** The data of the events that are whole now. */
  read(piece: string): string[] {
    this.#text += piece
    const found: string[] = []
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#text)
      if (end === null) return found
      const data = dataOf(this.#text.slice(0, end.index))
      this.#text = this.#text.slice(end.index + end[0].length)
      if (data !== '') found.push(data)
    }
  }
}

const dataOf = (event: string): string =>
  event
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line[5] === ' ' ? 6 : 5))
    .join('\n')
