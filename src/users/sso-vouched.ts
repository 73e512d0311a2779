import { isEmailAddress } from '#/lib/email-key.ts'
import type { Vouched } from './sso.ts'

interface Reading {
  readonly groupsClaim: string
  readonly trustsAddresses: boolean
}

type Claims = Readonly<Record<string, unknown>>

/**
 * What the ID token says, and what userinfo adds. Whether an address is verified counts only of the address that it is said of: the two
 * may name different ones.
 */
export function claimsOf(token: Claims, userinfo: Claims): Claims {
  const address = 'email' in token ? token : userinfo
  const said =
    address['email_verified'] ?? (userinfo['email'] === address['email'] ? userinfo['email_verified'] : undefined)
  return { ...userinfo, ...token, email: address['email'], email_verified: said }
}

const MOST_GROUPS = 1_000

/** What claims say of somebody. They are the provider's, and some of them are what people typed there. */
export function vouchedIn(
  claims: Readonly<Record<string, unknown>>,
  { groupsClaim, trustsAddresses }: Reading,
): Vouched {
  const { sub, email, email_verified: isVerified, name } = claims
  const counts = isVerified === true || isVerified === 'true' || (isVerified === undefined && trustsAddresses)
  return {
    subject: String(sub),
    email: counts && typeof email === 'string' && isEmailAddress(email) ? email : null,
    fullName: typeof name === 'string' ? name.slice(0, 255) : null,
    groups: groupsIn(valueAt(claims, groupsClaim)),
  }
}

/** A claim by its name, or by a path with dots: `realm_access.roles`. */
function valueAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? Reflect.get(value, name)
          : undefined,
      claims,
    )
}

function groupsIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((one) => typeof one === 'string').slice(0, MOST_GROUPS)
}
