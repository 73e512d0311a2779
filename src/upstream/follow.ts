import type { FollowedGateway, Follower } from '#/gateways/discovery.ts'
import { backoff, pause } from '#/lib/backoff.ts'
import type { Wire } from './initialize.ts'
import { legacyStream } from './follow-legacy.ts'
import { MODERN_STREAM } from './follow-modern.ts'
import { FOLLOWED_KINDS, type FollowedKind } from './list-changes.ts'
import { isObject, parseMessage } from './messages.ts'
import type { UpstreamContext } from './options.ts'
import { createSession } from './session.ts'
import { carrierTo } from './way.ts'

/** What one connection of a stream needs and tells. */
export interface Following {
  readonly wire: Wire
  readonly signal: AbortSignal
  readonly silenceMs: number
  readonly opened: () => void
  readonly changed: (what: FollowedKind) => void
}

/** not offered: the server has no such stream, so there is nothing to follow. */
export type StreamOutcome = 'ended' | 'not offered'

/** How changes are followed in one era. */
export interface ChangeStream {
  /** One connection, from its opening to its end. Rejects where another try may go better. */
  connect(following: Following): Promise<StreamOutcome>
  /** Nothing is followed any more. */
  leave(wire: Wire): void
}

const RETRY = { firstMs: 1000, maxMs: 60_000 }
/** A stream that lived this long was no failure. */
const STEADY_MS = 30_000
const SILENCE_MS = 900_000

interface Entry {
  gateway: FollowedGateway
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Keeps a stream open to each followed gateway that says it announces changes. */
export function createFollower(context: UpstreamContext): Follower & AsyncDisposable {
  const entries = new Map<string, Entry>()
  const stop = (id: string): void => {
    entries.get(id)?.stop.abort(new Error('not followed any more'))
    entries.delete(id)
  }
  return {
    follow(gateways) {
      const wanted = new Map(gateways.map((gateway) => [gateway.id, gateway]))
      for (const [id, entry] of entries) {
        const gateway = wanted.get(id)
        if (gateway === undefined || !same(entry.gateway, gateway)) stop(id)
        else entry.gateway = gateway
      }
      for (const gateway of gateways) if (!entries.has(gateway.id)) entries.set(gateway.id, begin(context, gateway))
    },
    async [Symbol.asyncDispose]() {
      const ending = Array.from(entries.values(), (entry) => entry.ended)
      for (const id of entries.keys()) stop(id)
      await Promise.all(ending)
    },
  }
}

function same(a: FollowedGateway, b: FollowedGateway): boolean {
  const told = a.version === b.version && a.revision === b.revision && a.capabilities === b.capabilities
  return told && a.target.transport === b.target.transport
}

function begin(context: UpstreamContext, gateway: FollowedGateway): Entry {
  const stop = new AbortController()
  const entry: Entry = { gateway, stop, ended: Promise.resolve() }
  const kinds = announced(gateway.capabilities)
  if (kinds.length === 0) return entry
  // Its end is the abort's doing; nothing that goes wrong on the way is anyone else's business.
  const ended = run(context, { entry, kinds, signal: stop.signal }).catch(() => {})
  return Object.assign(entry, { ended })
}

/** The lists whose changes the server says it announces. */
function announced(capabilities: string): readonly FollowedKind[] {
  const parsed = parseMessage(Buffer.from(capabilities)) ?? {}
  return FOLLOWED_KINDS.filter((kind) => {
    const capability = parsed[kind]
    return isObject(capability) && capability['listChanged'] === true
  })
}

interface Run {
  readonly entry: Entry
  readonly kinds: readonly FollowedKind[]
  readonly signal: AbortSignal
}

/** Connects again and again until it is stopped, or the server says that it offers no stream. */
async function run(context: UpstreamContext, { entry, kinds, signal }: Run): Promise<void> {
  const { target, era, revision } = entry.gateway
  using carrier = carrierTo(target, context)
  const wire: Wire = { carrier, context, credentials: target.headers, signal }
  const stream =
    era === 'legacy' ? legacyStream(target.stdio == null ? undefined : createSession(revision, null)) : MODERN_STREAM
  const changed = (what: FollowedKind): void => entry.gateway.changed(what)
  let failures = 0
  try {
    for (;;) {
      let openedAt = Infinity
      const opened = (): void => {
        openedAt = performance.now()
        // It was away: what it announced meanwhile is lost, so everything may have changed.
        if (failures > 0) for (const kind of kinds) changed(kind)
      }
      const following = { wire, signal, silenceMs: SILENCE_MS, opened, changed }
      const outcome = await stream.connect(following).catch(() => 'failed' as const)
      if (outcome === 'not offered' || signal.aborted) return
      failures = performance.now() - openedAt > STEADY_MS ? 1 : failures + 1
      await pause(backoff(failures, RETRY), signal)
    }
  } finally {
    stream.leave(wire)
  }
}
