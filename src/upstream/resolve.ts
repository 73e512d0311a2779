import { readFile } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { LeasedCache } from '#/lib/leased-cache.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import { parseHosts, parseSearch } from './hosts-file.ts'

/** Names to addresses. Synchronous where the answer is at hand, so that a call to a known name never waits. */
export interface Names {
  resolve(host: string): readonly string[] | Promise<readonly string[]>
}

export interface NamesOptions {
  /** How long one question may take, in ms. */
  readonly timeoutMs: number
  readonly hostsFile?: string
  readonly resolvConf?: string
  /** Name servers as `address:port`; unset: the system's. */
  readonly servers?: readonly string[]
}

interface Known {
  readonly addresses: readonly string[]
  readonly until: number
}

const LOCAL = ['127.0.0.1', '::1']
const FILES_MS = 10_000
const MIN_TTL_MS = 1000
const MAX_TTL_MS = 60_000
/** Once one family has answered, the other gets this long. */
const OTHER_FAMILY_MS = 50

/**
 * c-ares and the hosts file: `dns.lookup` would share four threads with everything else in the process. Short names are
 * tried with the search domains, as the C library does.
 */
class SystemNames implements Names {
  readonly #resolver: Resolver
  readonly #options: NamesOptions
  readonly #known = new LeasedCache<string, Known>({ max: 1000, idleMs: MAX_TTL_MS })
  readonly #asking = new SingleFlight<string, readonly string[]>()
  #hosts: ReadonlyMap<string, readonly string[]> = new Map()
  #search: { readonly domains: readonly string[]; readonly ndots: number } = { domains: [], ndots: 1 }
  #filesUntil = 0

  constructor(options: NamesOptions) {
    this.#options = options
    this.#resolver = new Resolver({ timeout: Math.max(250, Math.floor(options.timeoutMs / 2)), tries: 2 })
    if (options.servers !== undefined) this.#resolver.setServers([...options.servers])
  }

  resolve(host: string): readonly string[] | Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host]
    const name = host.toLowerCase().replace(/\.$/, '')
    if (name === 'localhost' || name.endsWith('.localhost')) return LOCAL
    const known = this.#known.get(name)
    if (known !== undefined && known.until > performance.now()) return known.addresses
    assertNoTransaction('resolving a name')
    return this.#asking.run(name, () => this.#ask(name, host.endsWith('.')))
  }

  async #ask(name: string, absolute: boolean): Promise<readonly string[]> {
    await this.#readFiles()
    const listed = this.#hosts.get(name)
    if (listed !== undefined) return this.#keep(name, listed, FILES_MS)
    let last: unknown
    for (const candidate of absolute ? [name] : this.#candidates(name)) {
      try {
        const { addresses, ttlMs } = await this.#query(candidate)
        return this.#keep(name, addresses, ttlMs)
      } catch (cause) {
        last = cause
      }
    }
    throw new GatewayError('upstream_unreachable', `the name ${name} does not resolve (${codeOf(last)})`, {
      cause: last,
    })
  }

  #candidates(name: string): readonly string[] {
    const searched = this.#search.domains.map((domain) => `${name}.${domain}`)
    return name.split('.').length - 1 >= this.#search.ndots ? [name, ...searched] : [...searched, name]
  }

  async #query(name: string): Promise<{ readonly addresses: readonly string[]; readonly ttlMs: number }> {
    const four = this.#resolver.resolve4(name, { ttl: true })
    const six = this.#resolver.resolve6(name, { ttl: true }).catch(() => [])
    const found = await four.then(
      async (records) => [...records, ...(await soon(six, OTHER_FAMILY_MS))],
      async (cause: unknown) => {
        const records = await six
        if (records.length === 0) throw cause
        return records
      },
    )
    const ttl = Math.min(...found.map((record) => record.ttl)) * 1000
    return { addresses: found.map((record) => record.address), ttlMs: Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttl)) }
  }

  #keep(name: string, addresses: readonly string[], ms: number): readonly string[] {
    this.#known.set(name, { addresses, until: performance.now() + ms })
    return addresses
  }

  async #readFiles(): Promise<void> {
    if (this.#filesUntil > performance.now()) return
    this.#filesUntil = performance.now() + FILES_MS
    const windows = 'C:\\Windows\\System32\\drivers\\etc\\hosts'
    const hosts = this.#options.hostsFile ?? (process.platform === 'win32' ? windows : '/etc/hosts')
    this.#hosts = parseHosts(await readFile(hosts, 'utf8').catch(() => ''))
    this.#search = parseSearch(await readFile(this.#options.resolvConf ?? '/etc/resolv.conf', 'utf8').catch(() => ''))
  }
}

/** What comes within `ms`, or nothing. */
async function soon<T>(records: Promise<T[]>, ms: number): Promise<T[]> {
  const { promise: late, resolve } = Promise.withResolvers<T[]>()
  const timer = setTimeout(resolve, ms, [])
  const found = await Promise.race([records, late])
  clearTimeout(timer)
  return found
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer'
}

export function systemNames(options: NamesOptions): Names {
  return new SystemNames(options)
}
