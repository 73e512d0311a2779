import { randomBytes } from 'node:crypto'
import type { RunningGateway } from '../../test/support/gateway.ts'
import { openSession, type Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import { ask, asked, times } from './connection.ts'

export interface Place {
  readonly gateway: RunningGateway
  /** Ends what was added. */
  readonly kept: AsyncDisposableStack
}

/** Something that there can be more of, and that takes memory while it is there. */
export interface Thing {
  readonly name: string
  readonly count: number
  /** How many of them a figure speaks of. */
  readonly per: number
  readonly add: (place: Place, count: number) => Promise<void>
}

const AT_ONCE = 50
/** Longer than it takes to measure, shorter than a call may take. */
const CALL_MS = 50_000

const target = (gateway: RunningGateway, more: Pick<Target, 'era' | 'method' | 'tool' | 'arguments'>): Target => ({
  url: `${gateway.url}/mcp`,
  token: gateway.token,
  ...more,
})

const connections: Thing = {
  name: 'connection that idles',
  count: 4000,
  per: 1,
  async add({ gateway, kept }, count) {
    const list = target(gateway, { era: 'modern', method: 'tools/list' })
    await times(count, AT_ONCE, async () => {
      const socket = await asked(list)
      kept.defer(() => void socket.destroy())
    })
  },
}

const sessions: Thing = {
  name: 'legacy session, used once',
  count: 8000,
  per: 1,
  async add({ gateway }, count) {
    const list = target(gateway, { era: 'legacy', method: 'tools/list' })
    await times(count, AT_ONCE, async () => {
      const socket = await asked(list, await openSession(list))
      socket.destroy()
    })
  },
}

const calls: Thing = {
  name: 'call in flight, with its connection',
  count: 600,
  per: 1,
  async add({ gateway, kept }, count) {
    const slow = { tool: 'sizing-slow', arguments: { ms: CALL_MS } }
    const call = target(gateway, { era: 'modern', method: 'tools/call', ...slow })
    await times(count, AT_ONCE, async () => {
      const socket = await ask(call)
      kept.defer(() => void socket.destroy())
    })
  },
}

const tools: Thing = {
  name: '1,000 tools of the catalog',
  count: 20_000,
  per: 1000,
  async add({ gateway, kept }, count) {
    const large = kept.use(await startProgram('upstream.ts', { TOOLS: String(count) }))
    await gateway.register(`large-${randomBytes(4).toString('hex')}`, `${large.url}/modern/large`)
  },
}

const tokens: Thing = {
  name: '1,000 API tokens',
  count: 4000,
  per: 1000,
  async add({ gateway }, count) {
    await times(count, 8, async () => {
      const { status, body } = await gateway.api('POST', '/v1/tokens', { name: randomBytes(8).toString('hex') })
      if (status !== 201) throw new Error(`a token was not made: ${status} ${JSON.stringify(body)}`)
    })
  },
}

export const THINGS: readonly Thing[] = [connections, sessions, calls, tools, tokens]
