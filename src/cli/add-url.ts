import { readFileSync } from 'node:fs'
import { whyUnread } from '#/lib/why-unread.ts'
import { CliError } from './cli-error.ts'

export interface UrlOptions {
  readonly transport?: string
  readonly ca?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly http2?: boolean
}

/** As people call them, and as REST does. */
const TRANSPORTS: Readonly<Record<string, string>> = { http: 'STREAMABLEHTTP', sse: 'SSE' }

/** What is said of a server behind a URL, as REST wants it. */
export function urlBody(
  url: string,
  { transport, ca, clientCert, clientKey, http2 }: UrlOptions,
): Record<string, unknown> {
  refuseUserInfo(url)
  return {
    url,
    ...(transport !== undefined && { transport: transportOf(transport) }),
    ...(ca !== undefined && { caCertificate: pem('--ca', ca) }),
    ...(clientCert !== undefined && { clientCert: pem('--client-cert', clientCert) }),
    ...(clientKey !== undefined && { clientKey: pem('--client-key', clientKey) }),
    ...(http2 === true && { httpVersion: '2' }),
  }
}

/** Options of such a server make no sense for one that is started by a command. */
export function refuseUrlOptions({ transport, ca, clientCert, clientKey, http2 }: UrlOptions): void {
  if ([transport, ca, clientCert, clientKey, http2].every((option) => option === undefined)) return
  throw new CliError('--transport, --ca, --client-cert, --client-key and --http2 are for a server behind a URL')
}

/** A password in a URL is seen by everybody who lists servers. */
function refuseUserInfo(url: string): void {
  const { username, password } = URL.parse(url) ?? { username: '', password: '' }
  if (username + password !== '')
    throw new CliError('credentials do not belong into the URL: give them with --basic USER:PASSWORD, or --basic -')
}

function transportOf(text: string): string {
  const transport = TRANSPORTS[text.toLowerCase()]
  if (transport === undefined)
    throw new CliError(
      `--transport must be http or sse, not ${JSON.stringify(text.slice(0, 40))}; without it, it is found out`,
    )
  return transport
}

function pem(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError(`${option}: ${path} cannot be read: ${whyUnread(cause)}`, { cause })
  }
}
