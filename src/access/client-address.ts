import { GatewayError } from '#/errors/gateway-error.ts'
import { PROXY_SECRET_HEADER } from '#/lib/kept-headers.ts'
import { isSameText } from '#/lib/pkce.ts'
import { inRanges } from './address-ranges.ts'
import type { Caller } from './token-limits.ts'

/** Proxies whose word counts, and where they write it. */
export interface TrustedProxies {
  /** Addresses and ranges, as they are seen from here. */
  readonly peers: readonly string[]
  readonly addressHeader: 'x-forwarded-for' | 'forwarded'
  /** The header that names the user, in lower case; null: they name nobody. */
  readonly userHeader: string | null
  /** What they say beside it, because others than the proxy may send from its address. null: that is proof enough, and they name nobody. */
  readonly secret: string | null
}

/** As much of a request as says where it comes from. */
export interface Arriving {
  /** As they came: name, value, name, value … */
  readonly rawHeaders: readonly string[]
  readonly socket: Caller
}

/** Who is the client of a request: the one answer to that question, for limits, ranges of addresses and records alike. */
export interface Clients {
  /** Lives as long as its connection, so that what is known of it may be kept with it. */
  of(request: Arriving): Caller
  /** The users that a proxy names, as often as it does; undefined: nobody whose word counts names one. Throws where a name is no text. */
  namedIn(request: Arriving): readonly string[] | undefined
}

/**
 * A client is where its connection comes from; behind proxies that are trusted, where the last one that is not says. What comes from a
 * proxy's address without the secret is from nowhere: were it from that address, a proxy that forgot the secret would lend it to everybody.
 */
export function clientsBehind(proxies: TrustedProxies | null): Clients {
  if (proxies === null) return { of: ({ socket }) => socket, namedIn: () => undefined }
  const { addressHeader, userHeader, secret } = proxies
  const isTrusted = inRanges(proxies.peers)
  const reading = { isTrusted, read: addressHeader === 'forwarded' ? forIn : addressIn }
  const trusted = new WeakMap<Caller, boolean>()
  const isPeer = (socket: Caller): boolean => {
    let known = trusted.get(socket)
    if (known === undefined) trusted.set(socket, (known = isTrusted(socket.remoteAddress ?? '')))
    return known
  }
  const isSaid = sayingOf(secret)
  const last = new WeakMap<Caller, Caller>()
  return {
    of: ({ socket, rawHeaders }) => {
      if (!isPeer(socket)) return socket
      const isProven = secret === null || isSaid(socket, rawHeaders)
      const address = isProven ? clientIn(valuesOf(rawHeaders, addressHeader).join(',').split(','), reading) : undefined
      const before = last.get(socket)
      if (before !== undefined && before.remoteAddress === address) return before
      const caller = { remoteAddress: address }
      last.set(socket, caller)
      return caller
    },
    namedIn: ({ socket, rawHeaders }) => {
      if (userHeader === null || secret === null || !isPeer(socket)) return undefined
      const named = valuesOf(rawHeaders, userHeader)
      return named.length > 0 && isSaid(socket, rawHeaders) ? named.map(textOf) : undefined
    },
  }
}

/**
 * Every proxy adds at the end whom it saw. So the list is read from there, as long as a proxy that is trusted wrote it: the first address
 * that is none of theirs is the client's, and whatever stands before it is what that client made up. A place that cannot be read, or is
 * not said, is nowhere, which lies in no range: were it the proxy's, a client that has the proxy drop the header would be the proxy.
 */
function clientIn(hops: readonly string[], { isTrusted, read }: Reading): string | undefined {
  let nearest: string | undefined
  for (const hop of hops.toReversed()) {
    nearest = read(hop)
    if (nearest === undefined || !isTrusted(nearest)) return nearest
  }
  return nearest
}

interface Reading {
  readonly isTrusted: (address: string) => boolean
  /** The address that a hop is written as. */
  readonly read: (hop: string) => string | undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A name as its proxy wrote it: what was read of a header has a character for each byte. */
function textOf(bytes: string): string {
  if (/^[ -~]*$/.test(bytes)) return bytes
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch (cause) {
    const message = 'the proxy names a user in bytes that are no UTF-8: let it send the address in UTF-8'
    throw new GatewayError('invalid_request', message, { cause })
  }
}

/** Whether a request says the secret. What proved right on a connection is not hashed again for its next request. */
function sayingOf(secret: string | null): (socket: Caller, rawHeaders: readonly string[]) => boolean {
  const proven = new WeakMap<Caller, string>()
  return (socket, rawHeaders) => {
    const [said, ...others] = valuesOf(rawHeaders, PROXY_SECRET_HEADER)
    if (said === undefined || others.length > 0) return false
    if (proven.get(socket) === said) return true
    if (secret === null || !isSameText(said, secret)) return false
    proven.set(socket, said)
    return true
  }
}

/** The values of a header, whatever the case of its name. */
function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const each = rawHeaders[i]
    if (each?.length === name.length && each.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '')
  }
  return values
}

/** With a port, as some proxies write it, or without; IPv6 with a port stands in brackets. */
function addressIn(text: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d{1,5})?|([^\s[\]]+))$/.exec(text.trim()) ?? []
  const bare = bracketed ?? (plain?.split(':').length === 2 ? plain.replace(/:\d{1,5}$/, '') : plain)
  return bare !== undefined && isAddress(bare) ? bare : undefined
}

/** Everything lies in one of these. */
const isAddress = inRanges(['0.0.0.0/0', '::/0'])

/**
 * The `for` of an element of a Forwarded header (RFC 7239, 4). Elements are parted at every comma: were one within quotes left alone, a
 * client could open quotes that the address after them never closes.
 */
function forIn(element: string): string | undefined {
  const named = element.split(';').flatMap((pair) => /^\s*for=("?)([^"\s]*)\1\s*$/i.exec(pair)?.[2] ?? [])
  return named.length === 1 ? addressIn(named[0] ?? '') : undefined
}
