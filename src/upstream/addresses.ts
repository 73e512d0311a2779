import ipaddr from 'ipaddr.js'

export interface AddressPolicy {
  /** Loopback, private, shared and documentation networks may be reached. The rest of the rules always hold. */
  readonly allowPrivate: boolean
}

/** Where clouds answer a machine's own credentials, outside the link-local network. */
const METADATA = new Set(['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'])

/** What each network is to us; a range that is not listed is refused. */
const RANGES: Readonly<Record<string, 'public' | 'private' | 'never'>> = {
  unicast: 'public',
  as112: 'public',
  as112v6: 'public',
  loopback: 'private',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private',
  reserved: 'private',
  benchmarking: 'private',
  deprecatedSiteLocal: 'private',
}

/** Why this address may not be reached, or null. Decided on the address itself and on every IPv4 address wrapped in it. */
export function refuseAddress(address: string, policy: AddressPolicy): string | null {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`
  const parsed = ipaddr.parse(address)
  const wrapped = parsed instanceof ipaddr.IPv6 ? unwrap(parsed) : undefined
  if (wrapped === null) return `${address} wraps another address in a way that is not allowed`
  if (wrapped !== undefined) return refuseAddress(wrapped, policy)
  const plain = parsed.toString().replace(/%.*$/, '')
  if (METADATA.has(plain)) return `${address} is a cloud metadata address`
  const range = parsed.range()
  const kind = RANGES[range] ?? 'never'
  if (kind === 'public' || (kind === 'private' && policy.allowPrivate)) return null
  if (kind === 'private') return `${address} lies in a private network (${range})`
  return `${address} is never a server's address (${range})`
}

/** The IPv4 address inside an IPv6 one; undefined: there is none; null: there is one that we do not follow. */
function unwrap(address: ipaddr.IPv6): string | null | undefined {
  const range = address.range()
  const bytes = address.toByteArray()
  if (range === 'ipv4Mapped') return bytes.slice(12).join('.')
  if (range === '6to4') return bytes.slice(2, 6).join('.')
  // 64:ff9b::/96 carries the address last; its local-use sibling 64:ff9b:1::/48 does so too when cut at /96.
  if (range === 'rfc6052') return bytes.slice(12).join('.')
  if (range === 'rfc6145' || range === 'teredo') return null
  return undefined
}
