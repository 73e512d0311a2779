import { BlockList, isIP } from 'node:net'
import { KEPT_HEADERS } from '#/lib/kept-headers.ts'
import { givenFields, type Fields } from './given-fields.ts'
import type { Values } from './settings.ts'

/** Whose word counts for who and where a client is. */
export interface ProxyConfig {
  /** Addresses and ranges (CIDR) of the proxies, as they are seen from here. */
  readonly peers: readonly string[]
  /** The header in which they say where a request comes from. */
  readonly addressHeader: 'x-forwarded-for' | 'forwarded'
  /** The header in which they name the user, in lower case; null: they name nobody. */
  readonly userHeader: string | null
  /** What they send so that their word counts; null: their address is proof enough, and they name nobody. */
  readonly secret: string | null
  /** Whom they name becomes a user where it is none. */
  readonly makesUsers: boolean
}

const FIELDS = {
  peers: 'texts',
  address_header: ['X-Forwarded-For', 'Forwarded'],
  user_header: 'text',
  unknown_users: ['refuse', 'make'],
} as const satisfies Fields

/** null: nobody's word counts. What is wrong is added to `problems`. */
export function proxyConfig(values: Values, problems: string[]): ProxyConfig | null {
  const { CAUSEWAY_TRUSTED_PROXY: said, CAUSEWAY_TRUSTED_PROXY_SECRET: secret } = values
  if (said === null) {
    if (secret !== null) problems.push(SECRET_ALONE)
    return null
  }
  const { texts, lists } = givenFields('CAUSEWAY_TRUSTED_PROXY', said, { fields: FIELDS, problems })
  const peers = lists['peers'] ?? []
  const { address_header: addressHeader, user_header: userHeader = null, unknown_users: unknown } = texts
  if (peers.length === 0) problems.push(NO_PEERS)
  for (const peer of peers)
    if (!isRange(peer))
      problems.push(
        `CAUSEWAY_TRUSTED_PROXY: peers: ${JSON.stringify(peer)} is no address and no range such as 10.0.0.0/8`,
      )
  if (userHeader === null && unknown !== undefined) problems.push(UNKNOWN_ALONE)
  problems.push(...faultsOfSecret(secret, userHeader, peers))
  if (userHeader !== null) problems.push(...faultsOfNaming(userHeader, values.CAUSEWAY_PUBLIC_REGISTRATION))
  return {
    peers,
    addressHeader: addressHeader === 'Forwarded' ? 'forwarded' : 'x-forwarded-for',
    userHeader: userHeader?.toLowerCase() ?? null,
    secret,
    makesUsers: unknown === 'make',
  }
}

const NO_PEERS =
  'CAUSEWAY_TRUSTED_PROXY needs peers: the addresses of the proxies, or anybody could say who and where a client is'

const UNKNOWN_ALONE = 'CAUSEWAY_TRUSTED_PROXY: unknown_users needs user_header: the header that names the user'

const SECRET_ALONE = 'CAUSEWAY_TRUSTED_PROXY_SECRET is set without CAUSEWAY_TRUSTED_PROXY: set both or none'

const MAKE_ONE = 'Make one (openssl rand -hex 32), and have the proxy send it in X-Causeway-Proxy-Secret'

const NO_SECRET =
  'CAUSEWAY_TRUSTED_PROXY_SECRET must be set with user_header: others than the proxy may send from its address, servers on this machine ' +
  `for one. ${MAKE_ONE}`

const noSecretFor = (peer: string): string =>
  `CAUSEWAY_TRUSTED_PROXY_SECRET must be set for ${peer} in CAUSEWAY_TRUSTED_PROXY: every program on this machine sends from there. ${MAKE_ONE}`

const WEAK_SECRET =
  'CAUSEWAY_TRUSTED_PROXY_SECRET must have 32 characters or more, none of them a space, as a header can hold them: openssl rand -hex 32 makes one'

const REGISTRATION =
  'CAUSEWAY_PUBLIC_REGISTRATION and user_header of CAUSEWAY_TRUSTED_PROXY exclude each other: a stranger could register the e-mail ' +
  'address of somebody whom the proxy knows, and wait for that one to be named'

function faultsOfSecret(secret: string | null, userHeader: string | null, peers: readonly string[]): readonly string[] {
  if (secret !== null) return /^[\x21-\x7e]{32,}$/.test(secret) ? [] : [WEAK_SECRET]
  if (userHeader !== null) return [NO_SECRET]
  const here = peers.find((peer) => isRange(peer) && isOfThisMachine(peer))
  return here === undefined ? [] : [noSecretFor(here)]
}

function faultsOfNaming(userHeader: string, isRegistrationOpen: boolean): readonly string[] {
  const faults: string[] = []
  if (!/^[A-Za-z0-9-]{1,64}$/.test(userHeader) || isTaken(userHeader.toLowerCase()))
    faults.push('CAUSEWAY_TRUSTED_PROXY: user_header must be the name of a header of its own, such as X-Remote-User')
  if (isRegistrationOpen) faults.push(REGISTRATION)
  return faults
}

/** It means something else already. */
function isTaken(name: string): boolean {
  return KEPT_HEADERS.has(name) || name === 'cookie' || name === 'origin' || name.startsWith('mcp-')
}

/** The rest is everybody: a range of nothing would make every client a proxy. */
function isRange(text: string): boolean {
  const [, base = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(base)
  if (family === 0) return false
  const length = bits === undefined ? 128 : Number(bits)
  return length >= 1 && (bits === undefined || length <= (family === 4 ? 32 : 128))
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether any address of a range is one at which a machine reaches itself. */
function isOfThisMachine(range: string): boolean {
  const [base = '', bits] = range.split('/')
  const family = isIP(base) === 4 ? 'ipv4' : 'ipv6'
  if (LOOPBACK.check(base, family)) return true
  if (bits === undefined) return false
  const within = new BlockList()
  within.addSubnet(base, Number(bits), family)
  return family === 'ipv4'
    ? within.check('127.0.0.1')
    : within.check('::1', 'ipv6') || within.check('::ffff:127.0.0.1', 'ipv6')
}
