import { GatewayError } from '#/errors/gateway-error.ts'

/**
 * Where the messages of a stream are posted, from its `endpoint` event (2024-11-05, HTTP with SSE): relative to the stream's URL,
 * and never on another origin, for the credentials of this one go there.
 */
export function endpointUrl(said: string, streamUrl: string): string {
  const text = said.trim()
  const url = text === '' ? null : URL.parse(text, streamUrl)
  if (url === null) throw refused('that is no URL')
  const { origin } = new URL(streamUrl)
  if (url.origin !== origin) throw refused(`on another origin (${url.origin.slice(0, 200)} instead of ${origin})`)
  if (url.username !== '' || url.password !== '') throw refused('with credentials in its URL')
  url.hash = ''
  return url.href
}

function refused(what: string): GatewayError {
  return new GatewayError('upstream_invalid', `the server's event stream names an endpoint ${what}`)
}
