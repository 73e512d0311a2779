import { CliError } from './cli-error.ts'
import { plainText } from './terminal.ts'

const HERE = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether two URLs lead to one gateway: of one origin, or one port of this machine under two of its names. */
export function isSameGateway(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)]
  if (a === null || b === null || a.protocol !== b.protocol || a.port !== b.port) return false
  return a.hostname === b.hostname || (HERE.has(a.hostname) && HERE.has(b.hostname))
}

/**
 * A gateway that is not honest could send a browser to another one, and take there what the browser brings back (a mix-up). Throws
 * where a sign-in would not be at the gateway itself.
 */
export function requireSameGateway(gateway: string, loginUrl: string): void {
  if (isSameGateway(gateway, loginUrl)) return
  const url = URL.parse(loginUrl)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CliError(`${gateway} has browsers sign in at what is no URL: ask who runs it`, { code: 'other_gateway' })
  const origin = plainText(url.origin)
  throw new CliError(
    `${gateway} has browsers sign in at ${origin}, which is another address. If you know that one as your gateway: CAUSEWAY_URL=${origin} causeway login --sso`,
    { code: 'other_gateway' },
  )
}
