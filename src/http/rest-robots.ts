import { Type } from '#/api/type.ts'
import { publicEndpoint, type Endpoint } from '#/api/endpoint.ts'

const NOTHING = Buffer.from('User-agent: *\nDisallow: /\n')

/** Nothing here is for those who gather pages. */
export function robotsEndpoints(): readonly Endpoint[] {
  return [
    robots('GET /.well-known/robots.txt', 'What crawlers may read: nothing'),
    robots('GET /servers/{id}/.well-known/robots.txt', 'The same below a virtual server, whether there is one or not'),
  ]
}

function robots(route: Endpoint['route'], summary: string): Endpoint {
  return publicEndpoint({
    route,
    rootOnly: true,
    tag: 'documents',
    summary,
    ...(route.includes('{id}') && { params: Type.Object({ id: Type.String() }) }),
    reply: Type.String(),
    replyType: 'text/plain; charset=utf-8',
    handle: async () => ({ headers: { 'cache-control': 'public, max-age=300' }, body: NOTHING }),
  })
}
