import { GatewayError } from '#/errors/gateway-error.ts'
import type { Reach } from '#/gateways/discovery.ts'
import type { NetEndpoint } from './connect.ts'

/** What of a way to a server decides how it is dialled. */
export type Dialled = Pick<Reach, 'url' | 'caCertificate' | 'clientIdentity' | 'httpVersion'>

export interface Place {
  readonly endpoint: NetEndpoint
  readonly url: URL
}

/** Where a URL leads. Throws `invalid_field` for what cannot be dialled at all. */
export function placeOf({ url: text, caCertificate, clientIdentity, httpVersion }: Dialled): Place {
  const url = text === null ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refused('must be absolute and begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw refused('must not carry credentials; use the authentication fields')
  const tls = url.protocol === 'https:'
  const endpoint = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    tls,
    caCertificate,
    clientIdentity: clientIdentity ?? null,
    http2: httpVersion === '2',
  }
  return { endpoint, url }
}

function refused(why: string): GatewayError {
  return new GatewayError('invalid_field', `the URL ${why}`, { field: 'url' })
}
