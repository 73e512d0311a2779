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

const SECRET_NAME = /token|secret|passw|api[-_]?key|credential|auth/i
/** Long and without a shape that people would write. */
const LIKE_A_SECRET = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_+=-]{20,}$/

/** Where a server is, for people: what may be a secret is left out. */
export function shownWay(way: UrlWay | CommandWay): string {
  if (way.kind === 'url') {
    const url = URL.parse(way.url)
    if (url === null) return way.url
    return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`
  }
  const args = way.args.map((arg, at) => {
    const [flag = '', value] = arg.split('=', 2)
    if (value !== undefined && SECRET_NAME.test(flag)) return `${flag}=…`
    const afterSecret = SECRET_NAME.test(way.args[at - 1] ?? '') && way.args[at - 1]?.startsWith('-') === true
    return (afterSecret && !arg.startsWith('-')) || LIKE_A_SECRET.test(arg) ? '…' : arg
  })
  return [way.command, ...args].join(' ')
}
