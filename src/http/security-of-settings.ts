import { doubtful, fine, type Finding } from '#/lib/finding.ts'
import { isLoopbackHost } from './loopback.ts'
import { isHere, type SecuritySettings } from './security-facts.ts'

export function transport({ host, publicUrl }: SecuritySettings, name: string): Finding {
  if (publicUrl?.startsWith('https:') === true) return fine(name, `clients come over TLS to ${publicUrl}`)
  if (host === null || isLoopbackHost(host)) return fine(name, 'only this machine can connect')
  if (publicUrl !== null && isHere(publicUrl))
    return doubtful(
      name,
      `it listens at ${host}, without TLS`,
      'listen on loopback (HOST), or put a proxy with TLS before it',
    )
  return doubtful(
    name,
    `clients come to ${publicUrl} without TLS: who is on the way reads their tokens`,
    'put a proxy with TLS before it, and set CAUSEWAY_PUBLIC_URL to its https address',
  )
}

/** Fewer bits than these are somebody’s whole network. */
const NARROW = { v4: 16, v6: 48 }

export function proxy({ proxy: trusted }: SecuritySettings, name: string): Finding {
  if (trusted === null) return fine(name, 'no header says who or where a client is')
  const wide = trusted.peers.find(isWide)
  if (trusted.isSecret || wide === undefined)
    return fine(name, `the word of ${trusted.peers.join(', ')} counts${trusted.isSecret ? ', with its secret' : ''}`)
  return doubtful(
    name,
    `whoever is in ${wide} may say where a client is`,
    'name the proxies alone in CAUSEWAY_TRUSTED_PROXY, or set CAUSEWAY_TRUSTED_PROXY_SECRET',
  )
}

function isWide(peer: string): boolean {
  const bits = Number(/\/(\d+)$/.exec(peer)?.[1] ?? 128)
  return bits < (peer.includes(':') ? NARROW.v6 : NARROW.v4)
}

export function registration({ registration: isOpen }: SecuritySettings, name: string): Finding {
  if (!isOpen) return fine(name, 'strangers cannot make themselves users')
  return doubtful(
    name,
    'strangers may make themselves users, who see what is public',
    'unset CAUSEWAY_PUBLIC_REGISTRATION unless that is meant',
  )
}

export function provider({ provider: other }: SecuritySettings, name: string): Finding {
  if (other === null) return fine(name, 'people sign in with passwords of their own; nobody else vouches for them')
  const { issuer, domains, makesUsers, trustsAddresses } = other
  if (trustsAddresses)
    return doubtful(
      name,
      `addresses from ${issuer} count although it did not verify them`,
      'unless it lets nobody choose an address, leave out addresses: trusted in CAUSEWAY_OIDC',
    )
  if (makesUsers && domains === null)
    return doubtful(
      name,
      `everybody whom ${issuer} knows becomes a user`,
      'name the domains of your addresses in CAUSEWAY_OIDC: domains',
    )
  return fine(name, `${issuer} vouches for people${domains === null ? '' : ` of ${domains.join(', ')}`}`)
}

export function networks({ host, allowsPrivateNetworks: mayReach }: SecuritySettings, name: string): Finding {
  if (!mayReach) return fine(name, 'servers at loopback and private addresses are not reached')
  if (host === null || isLoopbackHost(host))
    return fine(name, 'servers on this machine and in private networks are reached, for clients of this machine')
  return doubtful(
    name,
    'whoever may register a server reaches loopback and private addresses through this gateway',
    'set CAUSEWAY_ALLOW_PRIVATE_NETWORKS to false where servers are elsewhere',
  )
}

export function cookies({ publicUrl }: SecuritySettings, name: string): Finding {
  if (publicUrl === null || publicUrl.startsWith('https:') || isHere(publicUrl))
    return fine(name, 'session cookies are bound to this host, out of reach of scripts, and never in the clear')
  return doubtful(
    name,
    `nobody signs in from a page at ${publicUrl}: cookies are not sent in the clear`,
    'set CAUSEWAY_PUBLIC_URL to an https address',
  )
}

export function cors({ corsOrigins: origins }: SecuritySettings, name: string): Finding {
  if (origins.length === 0) return fine(name, 'pages of other origins cannot use this gateway')
  const plain = origins.find((origin) => origin.startsWith('http:') && !isHere(origin))
  if (plain === undefined) return fine(name, `pages of ${origins.join(', ')} may call, with tokens of their own`)
  return doubtful(
    name,
    `pages of ${plain} may call, which others on the way can change`,
    'name https origins in CAUSEWAY_CORS_ORIGINS',
  )
}
