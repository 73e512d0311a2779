import { createHash } from 'node:crypto'
import type { Discoverer, Target } from '#/gateways/discovery.ts'
import { LeasedCache } from '#/lib/leased-cache.ts'
import { pingRequest } from '#/mcp/upstream-requests.ts'
import { candidatesFor, detect, discoverModern } from './detect.ts'
import { nextUpstreamId } from './ids.ts'
import { endSession, initialize, post, readResult, type Wire } from './initialize.ts'
import type { UpstreamContext } from './options.ts'
import { isSessionFault } from './refusals.ts'
import { createSession, type Session } from './session.ts'
import { carrierTo } from './way.ts'

/** A session for probes at one server, kept between probes: one that is opened for each would cost the server more than the probe. */
interface Held {
  readonly target: Target
  readonly session: Session
}

export type Prober = Pick<Discoverer, 'probe'> & Disposable

export function createProber(context: UpstreamContext): Prober {
  const held = new LeasedCache<string, Held>({
    max: 10_000,
    idleMs: 900_000,
    dropped: ({ target, session }) => {
      using carrier = carrierTo(target, context)
      endSession({ carrier, context, credentials: target.headers }, session)
    },
  })
  return {
    async probe(target, known, signal) {
      held.sweep()
      const began = performance.now()
      if (known === null) await introduce(target, context, signal)
      else {
        const reached = { ...target, transport: target.transport ?? known.transport }
        using carrier = carrierTo(reached, context)
        const wire: Wire = { carrier, context, credentials: target.headers, signal }
        // Its host answers for it, so that looking after it does not start it.
        if (target.stdio != null) await pinged(wire, createSession(known.revision, null))
        else if (known.era === 'modern') await discoverModern(wire)
        else await ping(wire, reached, held)
      }
      return { ms: Math.round(performance.now() - began) }
    },
    [Symbol.dispose]: () => held.clear(),
  }
}

async function introduce(target: Target, context: UpstreamContext, signal: AbortSignal): Promise<void> {
  using candidates = candidatesFor(target, { context, signal })
  const { wire, session } = await detect(candidates)
  endSession(wire, session)
}

async function ping(wire: Wire, target: Target, held: LeasedCache<string, Held>): Promise<void> {
  const key = keyOf(target)
  const known = held.get(key)
  if (known !== undefined && (await pinged(wire, known.session))) return
  const { session } = await initialize(wire)
  held.set(key, { target, session })
  await pinged(wire, session)
}

/** false: the server does not know the session any more. Rejects for everything else. */
async function pinged(wire: Wire, session: Session): Promise<boolean> {
  const id = nextUpstreamId()
  const reply = await post(wire, session.headers(wire.credentials), { id, body: pingRequest(id) })
  if (reply.message === null && isSessionFault(session, reply.http.status, reply.body)) return false
  readResult(reply)
  return true
}

/** Headers may be secrets: only their digest stays. */
function keyOf(target: Target): string {
  return createHash('sha256')
    .update(JSON.stringify([target.url, target.headers]))
    .digest('base64')
}
