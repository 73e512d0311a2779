import { isIP } from 'node:net'

/** Name (lower case) → addresses, in the order of the file (hosts(5)). */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/)
    if (isIP(address.replace(/%.*$/, '')) === 0) continue
    for (const name of names) {
      const key = name.toLowerCase()
      const list = found.get(key)
      if (list === undefined) found.set(key, [address])
      else if (!list.includes(address)) list.push(address)
    }
  }
  return found
}

/** The search domains and `ndots` of resolv.conf(5). The last `search` or `domain` line counts. */
export function parseSearch(text: string): { readonly domains: readonly string[]; readonly ndots: number } {
  let domains: readonly string[] = []
  let ndots = 1
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.trim().split(/\s+/)
    if (word === 'search' || word === 'domain') domains = rest.filter((name) => name !== '.')
    if (word !== 'options') continue
    const option = rest.find((entry) => entry.startsWith('ndots:'))
    if (option !== undefined) ndots = Math.min(15, Number(option.slice(6)) || 0)
  }
  return { domains: domains.slice(0, 6), ndots }
}
