import ipaddr from 'ipaddr.js'

/** From where somebody comes, as what can be blamed for guesses. */
export interface ClientNetwork {
  /** One address, or of IPv6 the /64 that one household or machine has to itself. */
  readonly network: string
  /** The /24 or /48 around it. */
  readonly neighbourhood: string
}

/** Forms of one address are one network: IPv4 inside IPv6 is IPv4, and a zone is no part of an address. */
export function clientNetwork(address: string | null): ClientNetwork {
  const bare = (address ?? '').replace(/%.*$/, '')
  if (!ipaddr.isValid(bare)) return { network: 'unknown', neighbourhood: 'unknown/0' }
  const parsed = ipaddr.process(bare)
  if (parsed.kind() === 'ipv4') {
    const text = parsed.toString()
    return { network: text, neighbourhood: text.replace(/\d+$/, '0/24') }
  }
  return { network: prefix(parsed.toByteArray(), 64), neighbourhood: prefix(parsed.toByteArray(), 48) }
}

function prefix(bytes: readonly number[], bits: number): string {
  const kept = bytes.map((byte, at) => (at * 8 < bits ? byte : 0))
  return `${ipaddr.fromByteArray(kept).toString()}/${bits}`
}
