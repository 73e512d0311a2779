import { pace } from '#/lib/pace.ts'
import type { ListKind } from '#/catalog/snapshot.ts'
import type { Offered } from '#/gateways/discovery.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { listRequest } from '#/mcp/upstream-requests.ts'
import { nextUpstreamId } from './ids.ts'
import { ownHeaders, post, readResult, type Wire } from './initialize.ts'
import { rpcError, parseMessage } from './messages.ts'
import { readItem } from './offered.ts'
import { listItems } from './raw-items.ts'
import type { Session } from './session.ts'

const METHODS = {
  tools: { method: 'tools/list', member: 'tools' },
  prompts: { method: 'prompts/list', member: 'prompts' },
  resources: { method: 'resources/list', member: 'resources' },
  resourceTemplates: { method: 'resources/templates/list', member: 'resourceTemplates' },
} as const satisfies Record<ListKind, { readonly method: string; readonly member: string }>

const MAX_PAGES = 1000
const MAX_BYTES = 64 << 20
const MAX_ITEMS = 100_000
const METHOD_NOT_FOUND = -32601

export interface ListRun {
  readonly wire: Wire
  readonly session: Session
  readonly problems: string[]
}

/**
 * Every page of one list. null: it broke off somewhere, so what is missing is not known to be gone. Items that are no valid
 * definitions are left out; every such thing adds a sentence to `problems`.
 */
export async function readList(kind: ListKind, run: ListRun): Promise<readonly Offered[] | null> {
  const walk = new ListWalk(kind, run)
  try {
    return await walk.all()
  } catch (cause) {
    run.wire.signal?.throwIfAborted()
    run.problems.push(`${METHODS[kind].method} failed: ${GatewayError.from(cause).message}`)
    return null
  }
}

class ListWalk {
  readonly #kind: ListKind
  readonly #run: ListRun
  readonly #found = new Map<string, Offered>()
  readonly #cursors = new Set<string>()
  #bytes = 0

  constructor(kind: ListKind, run: ListRun) {
    this.#kind = kind
    this.#run = run
  }

  async all(): Promise<readonly Offered[]> {
    let cursor: string | undefined
    for (let page = 1; ; page++) {
      const message = await this.#page(cursor)
      if (message === null) return []
      cursor = await this.#take(message)
      if (cursor === undefined) return [...this.#found.values()]
      if (page >= MAX_PAGES) throw broken(`the list has more than ${String(MAX_PAGES)} pages`)
      if (this.#cursors.has(cursor)) throw broken('the list leads back to a page it has already given')
      this.#cursors.add(cursor)
    }
  }

  /** One page as it came; null: the server does not know this list. */
  async #page(cursor: string | undefined): Promise<Buffer | null> {
    const { wire, session } = this.#run
    const { method } = METHODS[this.#kind]
    const id = nextUpstreamId()
    const { us } = wire.context
    const { revision } = session
    const body = listRequest(id, method, { revision, us, ...(cursor !== undefined && { cursor }) })
    const reply = await post({ ...wire, maxBytes: MAX_BYTES }, ownHeaders(wire, session, method), { id, body })
    // Servers that offer resources often know no templates.
    const unknown = rpcError(parseMessage(reply.body))?.code === METHOD_NOT_FOUND
    if (unknown && cursor === undefined && this.#kind === 'resourceTemplates') return null
    return readResult(reply).message
  }

  /** Takes a page's items in; the cursor of the next page, or undefined. */
  async #take(message: Buffer): Promise<string | undefined> {
    this.#bytes += message.length
    if (this.#bytes > MAX_BYTES) throw broken(`the list is larger than ${String(MAX_BYTES)} bytes`)
    const { items, nextCursor } = listItems(message, METHODS[this.#kind].member)
    const slices = pace()
    for (const range of items) {
      if (slices.due()) await slices.rest()
      const item = readItem(this.#kind, message.subarray(range.start, range.end))
      if ('problem' in item) this.#run.problems.push(item.problem)
      else if (this.#found.has(item.key)) this.#run.problems.push(`${this.#kind}: ${shown(item.key)} is listed twice`)
      else this.#found.set(item.key, item)
    }
    if (this.#found.size > MAX_ITEMS) throw broken(`the list has more than ${String(MAX_ITEMS)} items`)
    return nextCursor
  }
}

function shown(key: string): string {
  return JSON.stringify(key.slice(0, 100))
}

function broken(why: string): GatewayError {
  return new GatewayError('upstream_invalid', why)
}
