import type { Values } from './config-text.ts'

/** Whether an entry of a client's configuration leads to the gateway at `origin`. */
export function isOwnEntry(entry: unknown, origin: string): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  const { url, httpUrl, serverUrl, args, env } = entry as Values
  const at = [url, httpUrl, serverUrl].find((each) => typeof each === 'string')
  if (typeof at === 'string') return isSameOrigin(at, origin) && /\/mcp\/?$/.test(at)
  if (!Array.isArray(args) || !args.includes('bridge')) return false
  const isCauseway = args.some((arg) => typeof arg === 'string' && /(?:^|[\\/])causeway(?:\.js)?$/.test(arg))
  const where: unknown = args.includes('--url')
    ? args[args.indexOf('--url') + 1]
    : (env as Values | undefined)?.['CAUSEWAY_URL']
  return isCauseway && (typeof where !== 'string' || isSameOrigin(where, origin))
}

/** Whether an entry was written for some Causeway gateway, wherever it was then: it holds one of our tokens. */
export function hasOurToken(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  const { headers, http_headers, env } = entry as Values
  const texts = [headers, http_headers, env].flatMap((group) => Object.values(group ?? {}))
  return texts.some((text) => typeof text === 'string' && /^(?:Bearer )?cw_/.test(text))
}

/** localhost, 127.0.0.1 and ::1 are one machine. */
function isSameOrigin(text: string, origin: string): boolean {
  const [a, b] = [URL.parse(text), URL.parse(origin)]
  return a !== null && b !== null && a.protocol === b.protocol && a.port === b.port && hostOf(a) === hostOf(b)
}

const hostOf = ({ hostname }: URL): string =>
  /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'here' : hostname
