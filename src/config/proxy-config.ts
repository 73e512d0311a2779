import { isIP } from 'node:net'
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
export function proxyConfig({ CAUSEWAY_TRUSTED_PROXY: said }: Values, problems: string[]): ProxyConfig | null {
  if (said === null) return null
  const { texts, lists } = givenFields('CAUSEWAY_TRUSTED_PROXY', said, { fields: FIELDS, problems })
  const peers = lists['peers'] ?? []
  const { address_header: addressHeader, user_header: userHeader = null, unknown_users: unknown } = texts
  if (peers.length === 0) problems.push(NO_PEERS)
  for (const peer of peers)
    if (!isRange(peer))
      problems.push(
        `CAUSEWAY_TRUSTED_PROXY: peers: ${JSON.stringify(peer)} is no address and no range such as 10.0.0.0/8`,
      )
  if (userHeader !== null && (!/^[A-Za-z0-9-]{1,64}$/.test(userHeader) || TAKEN.has(userHeader.toLowerCase())))
    problems.push(`CAUSEWAY_TRUSTED_PROXY: user_header must be the name of a header of its own, such as X-Remote-User`)
  if (userHeader === null && unknown !== undefined)
    problems.push('CAUSEWAY_TRUSTED_PROXY: unknown_users needs user_header: the header that names the user')
  return {
    peers,
    addressHeader: addressHeader === 'Forwarded' ? 'forwarded' : 'x-forwarded-for',
    userHeader: userHeader?.toLowerCase() ?? null,
    makesUsers: unknown === 'make',
  }
}

const NO_PEERS =
  'CAUSEWAY_TRUSTED_PROXY needs peers: the addresses of the proxies, or anybody could say who and where a client is'

/** Headers that mean something else already. */
const TAKEN = new Set([
  'authorization',
  'cookie',
  'host',
  'x-forwarded-for',
  'forwarded',
  'content-length',
  'connection',
])

/** The rest is everybody: a range of nothing would make every client a proxy. */
function isRange(text: string): boolean {
  const [, base = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(base)
  if (family === 0) return false
  const length = bits === undefined ? 128 : Number(bits)
  return length >= 1 && (bits === undefined || length <= (family === 4 ? 32 : 128))
}
