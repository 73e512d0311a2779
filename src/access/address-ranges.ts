import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

/** An address as it is meant: an IPv4 one that came through an IPv6 socket is IPv4, and a zone says nothing of who it is. */
function addressOf(text: string): Address | undefined {
  const plain = text.replace(/%.*$/, '')
  if (plain.includes(':') ? !ipaddr.IPv6.isValid(plain) : !ipaddr.IPv4.isValidFourPartDecimal(plain)) return undefined
  return ipaddr.process(plain)
}

function parsed(text: string): Range | undefined {
  const [, base = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const written = base.includes(':') ? 128 : 32
  const address = addressOf(base)
  const length = bits === undefined ? written : Number(bits)
  if (address === undefined || length > written) return undefined
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const isMapped = written === 128 && address instanceof ipaddr.IPv4
  if (isMapped && length < 96) return undefined
  return [address, isMapped ? length - 96 : length]
}

/** A range in the one form in which it is kept: its first address and its length, also for a single address; undefined: it is none. */
export function addressRange(text: string): string | undefined {
  const range = parsed(text.trim())
  if (range === undefined) return undefined
  const [address, length] = range
  const first =
    address instanceof ipaddr.IPv4
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${length}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${length}`)
  return `${first.toString()}/${length}`
}

function covers([first, length]: Range, address: Address): boolean {
  return first.kind() === address.kind() && (address as ipaddr.IPv4).match(first, length)
}

/** Whether an address lies in one of these ranges, which are read once. An address that cannot be read lies in none. */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const known = ranges.map(parsed).filter((range) => range !== undefined)
  return (text) => {
    const address = addressOf(text)
    return address !== undefined && known.some((range) => covers(range, address))
  }
}

/** Whether everything in `inner` lies in one of the `outer` ranges. */
export function isRangeIn(inner: string, outer: readonly string[]): boolean {
  const range = parsed(inner)
  return range !== undefined && outer.some((text) => isIn(range, parsed(text)))
}

function isIn([address, length]: Range, outer: Range | undefined): boolean {
  return outer !== undefined && outer[1] <= length && covers(outer, address)
}
