import type { Arriving, Clients } from '#/access/client-address.ts'
import { clientNetwork } from '#/access/client-network.ts'
import { emailKey, isEmailAddress } from '#/lib/email-key.ts'
import { UserId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import type { SignInDeps } from './session.ts'
import type { UserStore } from './user.ts'

/** Makes a user of whom a trusted proxy names, once for all who ask; undefined: the name is no e-mail address. */
export type MakeUser = (email: string, request: Arriving) => Promise<void> | undefined

interface Making {
  readonly store: Pick<UserStore, 'create'>
  readonly clients: Clients
  readonly settled: (seq: number | null) => Promise<void>
  /** A place to write; few do at a time, and of one network few wait. */
  readonly places: SignInDeps['places']
}

/** Until a worker has read what another one wrote. */
const HEARD_MS = 600

export function makeProxied({ store, clients, settled, places }: Making): MakeUser {
  const flight = new SingleFlight<string, void>()
  return (text, request) => {
    const email = text.trim()
    if (!isEmailAddress(email)) return undefined
    const fromIp = clients.of(request).remoteAddress ?? null
    return flight.run(emailKey(email), async () => {
      using _place = await places(clientNetwork(fromIp).network, new AbortController().signal)
      const id = UserId.mint()
      const user = { id, email, fullName: null, kind: 'person', isAdmin: false, enabled: true, password: null } as const
      try {
        const { seq } = await store.create(user, { userId: id, by: email, via: 'api', fromIp, userAgent: null })
        await settled(seq)
      } catch (cause) {
        if (GatewayError.from(cause).code !== 'conflict') throw cause
        // Another worker was first.
        await pause(HEARD_MS)
      }
    })
  }
}
