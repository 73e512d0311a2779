import { createHash } from 'node:crypto'
import { Type } from '#/api/type.ts'
import { type Endpoint, publicEndpoint } from '#/api/endpoint.ts'
import { openApi } from '#/api/openapi.ts'
import { docsPage } from './rest-docs-page.ts'
import { DOCS_STYLE } from './rest-docs-style.ts'

const STYLE_HASH = createHash('sha256').update(DOCS_STYLE).digest('base64')
const CSP = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** What describes the API: made once from the endpoints and these two, and open to everyone. */
export function documentEndpoints(endpoints: readonly Endpoint[], version: string): readonly Endpoint[] {
  const described: Endpoint[] = [...endpoints]
  const documents = [
    publicEndpoint({
      route: 'GET /',
      rootOnly: true,
      tag: 'documents',
      summary: 'Where somebody with a browser begins: leads to /docs',
      reply: Type.Null(),
      status: 303,
      handle: async () => ({ headers: { ...CACHED, location: '/docs' }, body: undefined }),
    }),
    publicEndpoint({
      route: 'GET /openapi.json',
      rootOnly: true,
      tag: 'documents',
      summary: 'The API as OpenAPI 3.1',
      reply: Type.Unknown(),
      handle: async () => ({ headers: CACHED, body: json() }),
    }),
    publicEndpoint({
      route: 'GET /docs',
      rootOnly: true,
      tag: 'documents',
      summary: 'The API as a page for people',
      reply: Type.String(),
      replyType: 'text/html; charset=utf-8',
      handle: async () => ({ headers: { ...CACHED, 'content-security-policy': CSP }, body: page() }),
    }),
  ]
  described.push(...documents)
  const json = once(() => Buffer.from(JSON.stringify(openApi(described, { version }))))
  const page = once(() => Buffer.from(docsPage(described, version)))
  return documents
}

/** Most workers are never asked for them. */
function once(make: () => Buffer): () => Buffer {
  let made: Buffer | undefined
  return () => (made ??= make())
}

const CACHED = { 'cache-control': 'public, max-age=300' }
