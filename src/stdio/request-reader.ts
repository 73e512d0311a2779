/** One HTTP request of a worker. Header names and their form are our own: the other end is `upstream/`. */
export interface HostRequest {
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** Path and query. */
  readonly target: string
  readonly caller: string
  readonly body: Buffer
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const LENGTH = '\r\ncontent-length: '
const MAX_HEAD = 64 << 10
const NOTHING = Buffer.alloc(0)

export class WireFault extends Error {
  override readonly name = 'WireFault'
}

/** Cuts what a connection brings into its first line, which says what to launch, and the requests after it. */
export class RequestReader {
  readonly #callerField: string
  #parts: Buffer[] = []
  #size = 0
  /** Bytes without which there is nothing to look for. */
  #wanted = 0

  constructor(callerHeader: string) {
    this.#callerField = `\r\n${callerHeader}: `
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
  }

  /** The first line, once it is whole. */
  preface(maxBytes: number): Buffer | undefined {
    const bytes = this.#joined()
    const end = bytes.indexOf(0x0a)
    if (end < 0 && bytes.length > maxBytes) throw new WireFault('the first line is too long')
    if (end < 0) return undefined
    this.#keep(bytes.subarray(end + 1))
    return bytes.subarray(0, end)
  }

  /** The next request, once it is whole. */
  request(maxBytes: number): HostRequest | undefined {
    if (this.#size < this.#wanted || this.#size === 0) return undefined
    const bytes = this.#joined()
    const headEnd = bytes.indexOf(END_OF_HEAD)
    if (headEnd < 0 && bytes.length > MAX_HEAD) throw new WireFault('the head is too long')
    if (headEnd < 0) return undefined
    const head = bytes.toString('latin1', 0, headEnd)
    const length = lengthIn(head)
    if (length > maxBytes) throw new WireFault('the body is too long')
    const bodyAt = headEnd + END_OF_HEAD.length
    if (bytes.length < bodyAt + length) {
      this.#wanted = bodyAt + length
      return undefined
    }
    this.#keep(bytes.subarray(bodyAt + length))
    const body = bytes.subarray(bodyAt, bodyAt + length)
    return { ...startIn(head), caller: fieldIn(head, this.#callerField), body }
  }

  #joined(): Buffer {
    const [only = NOTHING, ...more] = this.#parts
    if (more.length === 0) return only
    const joined = Buffer.concat(this.#parts, this.#size)
    this.#parts = [joined]
    return joined
  }

  #keep(rest: Buffer): void {
    this.#wanted = 0
    this.#size = rest.length
    this.#parts = rest.length === 0 ? [] : [rest]
  }
}

function startIn(head: string): Pick<HostRequest, 'method' | 'target'> {
  const space = head.indexOf(' ')
  const end = head.indexOf(' ', space + 1)
  const method = head.slice(0, space)
  if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') throw new WireFault('no method that we know')
  return { method, target: head.slice(space + 1, end) }
}

function lengthIn(head: string): number {
  const said = fieldIn(head, LENGTH)
  const length = said === '' ? 0 : Number(said)
  if (!Number.isInteger(length) || length < 0) throw new WireFault('a length that is no number')
  return length
}

function fieldIn(head: string, field: string): string {
  const at = head.indexOf(field)
  if (at < 0) return ''
  const end = head.indexOf('\r\n', at + field.length)
  return head.slice(at + field.length, end < 0 ? undefined : end)
}
