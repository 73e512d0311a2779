import { SessionId, TokenId } from '#/access/ids.ts'
import { mintToken } from '#/access/token-format.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import type { FreshSession, SignInDeps } from './session.ts'

/** A session for whoever sent a request, with its first token; it is not begun yet. */
export function freshSession(
  { idleMs, totalMs }: SignInDeps['times'],
  { fromIp, userAgent }: Pick<RequestContext, 'fromIp' | 'userAgent'>,
): FreshSession {
  const lifeMs = Math.min(idleMs, totalMs)
  return { id: SessionId.mint(), tokenId: TokenId.mint(), secret: mintToken(), lifeMs, totalMs, fromIp, userAgent }
}
