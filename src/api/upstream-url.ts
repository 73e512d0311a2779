import { GatewayError } from '#/errors/gateway-error.ts'

export const MAX_URL = 2048

/** The URL of an upstream, normalised. Where it leads is decided on the resolved address, when it is dialled. */
export function upstreamUrl(text: string): string {
  if (text.length > MAX_URL) throw refused(`longer than ${MAX_URL} characters`)
  const url = URL.parse(text)
  if (url === null) throw refused('is not a URL; it is like http://127.0.0.1:3000/mcp')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw refused('holds a user name or password; give them as auth_type basic instead')
  if (url.hash !== '') throw refused('must not hold a fragment (#…)')
  return url.href
}

function refused(why: string): GatewayError {
  return new GatewayError('invalid_field', `url: ${why}`, { field: 'url' })
}
