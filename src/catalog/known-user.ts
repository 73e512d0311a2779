import type { UserId } from '#/access/ids.ts'
import type { KnownUser } from '#/access/standing.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import type { Snapshot } from './snapshot.ts'

/** A user whom the database knows, as this worker knows it. */
export function knownUser(now: Snapshot, by: { readonly id: UserId } | { readonly email: string }): KnownUser {
  const id = 'id' in by ? by.id : now.userByEmail(emailKey(by.email))
  const user = id && now.user(id)
  if (user !== undefined) return user
  throw new GatewayError('unavailable', 'this worker has not heard of the user yet: ask again in a moment', {
    retryAfter: 1,
  })
}
