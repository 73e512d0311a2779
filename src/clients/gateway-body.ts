import { isDeepStrictEqual } from 'node:util'
import { shownArguments } from '#/lib/shown-arguments.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import type { CommandWay, UrlWay } from './read-servers.ts'

/** A name as the gateway takes it. */
export function gatewayName(name: string): string {
  const clean = name.replaceAll(/[^a-zA-Z0-9_.\- ]+/g, '-').replaceAll(/^[-. ]+|[-. ]+$/g, '')
  return clean === '' ? 'server' : clean.slice(0, 255)
}

/** What is sent to register a server. */
export function gatewayBody(name: string, way: UrlWay | CommandWay): Record<string, unknown> {
  if (way.kind === 'command') {
    const { command, args, env, cwd } = way
    return { name, transport: 'STDIO', command, args, env, ...(cwd !== null && { cwd }) }
  }
  const authHeaders = Object.entries(way.headers).map(([key, value]) => ({ key, value }))
  return {
    name,
    url: way.url,
    ...(way.sse && { transport: 'SSE' }),
    ...(authHeaders.length > 0 && { authType: 'authheaders', authHeaders }),
  }
}

/** Where a server is, for people: what may be a secret is masked. */
export function shownWay(way: UrlWay | CommandWay): string {
  if (way.kind === 'url') return shownUrl(way.url)
  return [way.command, ...shownArguments(way.args)].join(' ')
}

/** Whether a registered gateway, as it is shown, is reached this way. */
export function isSameWay(gateway: Readonly<Record<string, unknown>>, way: UrlWay | CommandWay): boolean {
  if (way.kind === 'url') return gateway['url'] === shownUrl(URL.parse(way.url)?.href ?? way.url)
  return gateway['command'] === way.command && isDeepStrictEqual(gateway['args'], shownArguments(way.args))
}
