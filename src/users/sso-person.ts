import { emailKey } from '#/lib/email-key.ts'
import { UserId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { GroupRole, Known, Person, SsoRules, Vouched } from './sso.ts'

/**
 * Who comes in. The provider's own name for somebody counts, once it is known here; before that a verified address leads to the user
 * that has it. Throws `forbidden` with what would help.
 */
export function personFor({ email }: Vouched, { linked, named }: Known, rules: SsoRules): Person {
  if (email === null) throw refused('the identity provider names no verified e-mail address of yours')
  const domain = emailKey(email.slice(email.lastIndexOf('@') + 1))
  if (rules.domains?.includes(domain) === false) throw refused(`addresses of ${domain} do not sign in here`)
  if (linked !== null) return { kind: 'known', ...linked }
  if (named !== null) {
    if (!named.isPerson) throw refused('this is the address of a service, which comes with API tokens')
    if (named.isLinked) throw refused('another account of the identity provider has signed in with this address before')
    return { kind: 'link', userId: named.userId, email }
  }
  if (rules.makesUsers) return { kind: 'make', userId: UserId.mint(), email }
  throw refused('you are no user here yet: ask an administrator')
}

/** What the groups of somebody bring, each once. */
export function rolesOf({ groups }: Vouched, rules: SsoRules): readonly GroupRole[] {
  const roles = new Map<string, GroupRole>()
  for (const group of groups)
    for (const one of rules.groups.get(group) ?? []) roles.set(`${one.role}@${one.team ?? ''}`, one)
  return [...roles.values()]
}

/** Without the groups that bring nothing: what is carried through a browser is short. */
export function slim(who: Vouched, rules: SsoRules): Vouched {
  return { ...who, groups: who.groups.filter((group) => rules.groups.has(group)) }
}

function refused(why: string): GatewayError {
  return new GatewayError('forbidden', `you cannot sign in: ${why}`)
}
