import type { Follower } from '#/gateways/discovery.ts'
import type { UpstreamContext } from './options.ts'

export function createFollower(_context: UpstreamContext): Follower & AsyncDisposable {
  return { follow: () => {}, [Symbol.asyncDispose]: async () => {} }
}
