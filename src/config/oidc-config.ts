import { emailKey } from '#/lib/email-key.ts'
import { givenFields, type Fields } from './given-fields.ts'
import { isSafeOnItsWay } from './read-settings.ts'
import type { Values } from './settings.ts'

/** A role that a group brings: in the platform, or with the membership of a team, which is named by its id or its slug: the oldest that has it. */
export interface MappedRole {
  readonly role: string
  readonly team: string | null
}

/** Whose people may sign in, and as what. */
export interface OidcConfig {
  readonly issuer: string
  readonly clientId: string
  /** null: the client is a public one. */
  readonly clientSecret: string | null
  readonly scopes: readonly string[]
  /** The claim that lists somebody's groups. */
  readonly groupsClaim: string
  readonly groups: ReadonlyMap<string, readonly MappedRole[]>
  /** Of e-mail addresses; null: any. */
  readonly domains: readonly string[] | null
  /** Whoever is not a user yet becomes one. */
  readonly makesUsers: boolean
  /** Its addresses are verified although it does not say so. */
  readonly trustsAddresses: boolean
}

const FIELDS = {
  issuer: 'text',
  client_id: 'text',
  scopes: 'texts',
  groups_claim: 'text',
  groups: 'map of texts',
  domains: 'texts',
  unknown_users: ['refuse', 'make'],
  addresses: ['verified', 'trusted'],
} as const satisfies Fields

/** null: nobody signs in that way. What is wrong is added to `problems`. */
export function oidcConfig(values: Values, problems: string[]): OidcConfig | null {
  const { CAUSEWAY_OIDC: said, CAUSEWAY_OIDC_CLIENT_SECRET: clientSecret, CAUSEWAY_PUBLIC_URL: publicUrl } = values
  if (said === null) {
    if (clientSecret !== null) problems.push('CAUSEWAY_OIDC_CLIENT_SECRET is set without CAUSEWAY_OIDC: set both')
    return null
  }
  const before = problems.length
  const { texts, lists, maps } = givenFields('CAUSEWAY_OIDC', said, { fields: FIELDS, problems })
  const issuer = texts['issuer'] ?? ''
  const fault = faultOfIssuer(issuer)
  if (fault !== null) problems.push(fault)
  if (texts['client_id'] === undefined)
    problems.push('CAUSEWAY_OIDC needs client_id: how the provider knows this gateway')
  if (publicUrl === null)
    problems.push('CAUSEWAY_PUBLIC_URL must be set with CAUSEWAY_OIDC: the provider sends people back there')
  if (values.CAUSEWAY_PUBLIC_REGISTRATION) problems.push(REGISTRATION)
  const groups = mapped(maps['groups'] ?? {}, problems)
  if (problems.length > before) return null
  return {
    issuer,
    clientId: texts['client_id'] ?? '',
    clientSecret,
    scopes: [...new Set(['openid', ...(lists['scopes'] ?? ['email', 'profile'])])],
    groupsClaim: texts['groups_claim'] ?? 'groups',
    groups,
    domains: lists['domains']?.map((domain) => emailKey(domain).replace(/^@/, '')) ?? null,
    makesUsers: texts['unknown_users'] === 'make',
    trustsAddresses: texts['addresses'] === 'trusted',
  }
}

const REGISTRATION =
  'CAUSEWAY_PUBLIC_REGISTRATION and CAUSEWAY_OIDC exclude each other: a stranger could register the e-mail address of somebody ' +
  'whom the provider knows, and wait for that one to sign in'

function faultOfIssuer(issuer: string): string | null {
  const url = URL.parse(issuer)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    return 'CAUSEWAY_OIDC needs issuer: the URL of the provider, such as https://id.example.com'
  return isSafeOnItsWay(url)
    ? null
    : 'the issuer of CAUSEWAY_OIDC must be https, unless it is of this machine: who listens on its way could sign in as anybody'
}

function mapped(
  given: Readonly<Record<string, readonly string[]>>,
  problems: string[],
): ReadonlyMap<string, readonly MappedRole[]> {
  return new Map(Object.entries(given).map(([group, roles]) => [group, roles.flatMap((one) => rolesIn(one, problems))]))
}

/** `developer@payments`: the role, and the team by its id or slug. */
function rolesIn(text: string, problems: string[]): readonly MappedRole[] {
  const [, role, team = null] = /^([^\s@]{1,255})(?:@([a-z0-9][a-z0-9-]{0,254}))?$/.exec(text) ?? []
  if (role !== undefined) return [{ role, team }]
  problems.push(
    `CAUSEWAY_OIDC: groups: ${JSON.stringify(text)} is no ROLE, and no ROLE@TEAM with the id or slug of a team`,
  )
  return []
}
