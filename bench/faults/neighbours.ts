import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownPostgres } from '../../test/faults/site.ts'
import { dnsServer, type DnsServer } from '../../test/support/dns-server.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import type { Offer, Stream, Taken, Waits } from '../load/offer.ts'
import { Offering } from '../load/offering.ts'
import type { Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import { median } from '../table.ts'

/** A gateway of one worker before a good server and bad ones, each in a process of its own. */
export interface Neighbours extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly databaseUrl: string
  /** A call to the good server, which takes so long there, or up to `spread` more or less. */
  good(ms: number, spread?: number): Target
  /** The same without a gateway: how late it is says what the machine itself makes of the load. */
  straight(ms: number): Target
  /** Registers a server, once, with what else is said of it, and makes a call to its tool `call`. */
  bad(name: string, url: string, more?: Readonly<Record<string, unknown>>): Promise<Target>
  /** The origin of the bad servers of test/fixtures/bad-server.ts. */
  readonly badUrl: string
  /** Ways to them that can be spoilt: test/fixtures/roads.ts. */
  readonly roadsUrl: string
  /** What the gateway asks for names; what it is told holds for a second. */
  readonly names: DnsServer
}

/** Imported first by the gateway: names are asked for where NAME_SERVERS says. */
const NAME_SERVERS = join(import.meta.dirname, '../../test/fixtures/name-servers.ts')

/** What a call may take in total here. */
export const DEADLINE_MS = 2_000

export async function neighbours(): Promise<Neighbours> {
  await using building = new AsyncDisposableStack()
  const postgres = building.use(await ownPostgres())
  const goodServer = building.use(await startProgram('upstream.ts'))
  const badServer = building.use(await startProgram('../test/fixtures/bad-server.ts'))
  // Other people's machines: on this one they must not take what is the gateway's.
  setPriority(badServer.pid, 19)
  const roads = building.use(await startProgram('../test/fixtures/roads.ts', { TO: new URL(badServer.url).host }))
  setPriority(roads.pid, 19)
  const names = building.use(await dnsServer({}, 1))
  const databaseUrl = await postgres.database()
  const env = {
    DATABASE_URL: databaseUrl,
    CAUSEWAY_CALL_TIMEOUT: `${DEADLINE_MS}ms`,
    NODE_OPTIONS: `--import=${NAME_SERVERS}`,
    NAME_SERVERS: names.at,
  }
  const gateway = building.use(await startGateway({ env }))
  // Where the machine is busy its calls are late, which is measured, and not given up.
  const { id } = await gateway.register('good', `${goodServer.url}/legacy/good`, { timeout_ms: 30_000 })
  const bare = { era: 'legacy', method: 'tools/call' } as const
  const call = { ...bare, token: gateway.token }
  const at = (gatewayId: string): string => `${gateway.url}/gateways/${gatewayId}/mcp`
  const made = new Map<string, Promise<Target>>()
  async function register(...[name, url, more]: Parameters<Neighbours['bad']>): Promise<Target> {
    const { id: badId } = await gateway.register(name, url, more)
    return { ...call, url: at(badId), tool: 'call', arguments: {} }
  }
  const owned = building.move()
  return {
    gateway,
    databaseUrl,
    badUrl: badServer.url,
    roadsUrl: roads.url,
    names,
    good: (ms, spread = 0) => ({ ...call, url: at(id), tool: 'slow', arguments: { ms, spread } }),
    straight: (ms) => ({ ...bare, url: `${goodServer.url}/legacy/good`, tool: 'slow', arguments: { ms } }),
    bad(name, url, more) {
      const known = made.get(name) ?? register(name, url, more)
      made.set(name, known)
      return known
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** One measurement of the good server's calls, alone and beside others. */
export interface Pair {
  readonly alone: Waits
  readonly beside: Waits
  /** The same of the control, where there is one. */
  readonly control: { readonly alone: Waits; readonly beside: Waits }
  /** Good calls that were not answered well. */
  readonly failures: readonly string[]
  readonly others: Readonly<Record<string, Taken>>
}

export interface PairOptions {
  readonly good: Stream
  /** Measured in the same windows: what the same load does to calls that the gateway has no part in. */
  readonly control?: Stream
  readonly others: Readonly<Record<string, Stream>>
  readonly pairs: number
  readonly windowMs: number
}

/** How long a storm blows before its neighbour is measured. */
const RISING_MS = 700

/** The good calls alone and beside the others, in turns. */
export async function inPairs({ good, control, others, pairs, windowMs }: PairOptions): Promise<readonly Pair[]> {
  using offering = new Offering()
  const streams = { good, ...(control && { control }) }
  const measure = async () => await offering.run({ streams, warmUpMs: 300, windowMs })
  await measure()
  const done: Pair[] = []
  for (let n = 0; n < pairs; n++) {
    const alone = await measure()
    using storm = new Offering()
    const offer: Offer = { streams: others, warmUpMs: 200, windowMs: RISING_MS + windowMs + 500, background: true }
    const blowing = storm.run(offer)
    await sleep(RISING_MS)
    const beside = await measure()
    const outcomes = { ...alone['good']?.outcomes, ...beside['good']?.outcomes }
    const failures = Object.keys(outcomes).filter((outcome) => outcome !== 'ok')
    const both = (stream: string) => ({ alone: okOf(alone[stream]), beside: okOf(beside[stream]) })
    done.push({ ...both('good'), control: both('control'), failures, others: await blowing })
  }
  return done
}

const NOBODY: Waits = { count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN }
const okOf = (taken: Taken | undefined): Waits => taken?.outcomes['ok'] ?? NOBODY

type Both = Pick<Pair, 'alone' | 'beside'>

export const p99Of = (pairs: readonly Both[], which: keyof Both): number => median(pairs.map((pair) => pair[which].p99))
