import type { UserId } from '#/access/ids.ts'
import type { Known, SsoStore } from '#/users/sso.ts'
import { hasEmail } from './email-keys.ts'
import type { Reader } from './store.ts'

/** Who may be meant by somebody whom a provider vouches for. */
export async function knownAs(
  read: Reader,
  ...[issuer, subject, email]: Parameters<SsoStore['known']>
): Promise<Known> {
  const linked = await read
    .selectFrom('user_identities as i')
    .innerJoin('users as u', 'u.id', 'i.user_id')
    .select(['u.id', 'u.email'])
    .where('i.issuer', '=', issuer)
    .where('i.subject', '=', subject)
    .executeTakeFirst()
  const named = await read
    .selectFrom('users as u')
    .leftJoin('user_identities as i', (join) => join.onRef('i.user_id', '=', 'u.id').on('i.issuer', '=', issuer))
    .select(['u.id', 'u.kind', 'i.subject'])
    .where(hasEmail('u.email', email))
    .executeTakeFirst()
  return {
    linked: linked ? { userId: linked.id as UserId, email: linked.email } : null,
    named: named
      ? {
          userId: named.id as UserId,
          isLinked: named.subject !== null,
          isPerson: named.kind === 'person',
        }
      : null,
  }
}
