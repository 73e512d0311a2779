import type { TObject, TSchema } from 'typebox'
import type { Endpoint } from '#/api/endpoint.ts'
import { operationId, partsOf } from '#/api/openapi.ts'
import { escapeHtml } from '#/lib/html.ts'
import { DOCS_STYLE } from './rest-docs-style.ts'

/** The API for people: one page, nothing loaded from elsewhere, made from the same endpoints that are mounted. */
export function docsPage(endpoints: readonly Endpoint[], version: string): string {
  const groups = [...Map.groupBy(endpoints, ({ tag }) => tag)]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Causeway API</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<nav aria-label="Contents"><a class="top" href="#top">Causeway API</a>${groups.map(contents).join('')}</nav>
<main>
<h1 id="top">Causeway API <small>${escapeHtml(version)}</small></h1>
${INTRODUCTION}
${groups.map(group).join('\n')}
</main>
</body>
</html>
`
}

const INTRODUCTION = `<p>Causeway puts many MCP servers behind one endpoint. MCP clients talk to <code>/mcp</code> (everything that
they may see), <code>/servers/{id}/mcp</code> (a virtual server) or <code>/gateways/{id}/mcp</code> (one upstream server), single
JSON-RPC requests go to <code>/rpc</code>, some by the name of their method to <code>/protocol/…</code>; probes and scrapers find <code>/health</code>, <code>/ready</code> and
<code>/metrics</code>. This page shows the REST API, which governs all that.</p>
<p>Every path answers under <code>/v1</code> and without it. Send
<code>Authorization: Bearer &lt;token&gt;</code>; the administrator's token lies in <code>admin-token</code> in the data folder.
The same description for programs: <a href="/openapi.json">openapi.json</a>.</p>
<p>Names are accepted in camelCase and in snake_case. Lists run from new to old, 50 at a time: <code>limit</code> (0 for all) and,
with <code>include_pagination=true</code>, <code>nextCursor</code> for the page after. A change sent with <code>If-Match</code>
happens only to the version that was seen, else the answer is 412 with what is there now. A create sent with
<code>Idempotency-Key</code> happens once. An error says <code>detail</code>, <code>code</code>, <code>request_id</code> and, where
one is at fault, the <code>field</code>.</p>`

function contents([tag, endpoints]: readonly [string, readonly Endpoint[]]): string {
  const links = endpoints.map((endpoint) => {
    const { method, path } = partsOf(endpoint)
    return `<li><a href="#${operationId(endpoint)}"><b class="${method}">${method}</b> ${escapeHtml(path)}</a></li>`
  })
  return `<h3>${escapeHtml(tag)}</h3><ul>${links.join('')}</ul>`
}

function group([tag, endpoints]: readonly [string, readonly Endpoint[]]): string {
  return `<h2 id="tag-${escapeHtml(tag.replaceAll(' ', '-'))}">${escapeHtml(tag)}</h2>${endpoints.map(operation).join('\n')}`
}

function operation(endpoint: Endpoint): string {
  const { method, path } = partsOf(endpoint)
  const { summary, description, permission, params, query, body, status = 200 } = endpoint
  const prefix = endpoint.rootOnly ? '' : '/v1'
  return `<section id="${operationId(endpoint)}">
<h3><a href="#${operationId(endpoint)}"><b class="${method}">${method}</b> <code>${prefix}${escapeHtml(path)}</code></a></h3>
<p>${escapeHtml(summary)}.${description === undefined ? '' : ` ${escapeHtml(description)}`}</p>
<p class="meta">${permission === 'public' ? 'Open to everyone' : `Needs <code>${permission}</code>`} · answers ${status}</p>
${fields('In the path', params)}${fields('In the query', query)}${fields('In the body', body)}
${answer(endpoint)}
<pre><code>${escapeHtml(example(endpoint))}</code></pre>
</section>`
}

function fields(title: string, schema: TObject | undefined): string {
  const properties = Object.entries<TSchema>(schema?.properties ?? {})
  if (properties.length === 0) return ''
  const required: readonly string[] = schema?.required ?? []
  const rows = properties.map(
    ([name, property]) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required.includes(name) ? ' <em>required</em>' : ''}</td>` +
      `<td>${escapeHtml(typeOf(property))}</td><td>${escapeHtml(textOf(property, 'description'))}</td></tr>`,
  )
  return `<table>${title === '' ? '' : `<caption>${title}</caption>`}<tbody>${rows.join('')}</tbody></table>`
}

function answer(endpoint: Endpoint): string {
  const { reply } = endpoint
  if (endpoint.status === 303) return ''
  const items: unknown = Reflect.get(reply, 'items')
  const schema = isSchema(items) ? items : reply
  const title = textOf(schema, 'title')
  const properties: unknown = Reflect.get(schema, 'properties')
  const names = isSchema(properties) ? Object.keys(properties) : []
  const what = `${isSchema(items) ? 'a list of ' : ''}${title === '' ? (endpoint.replyType ?? 'JSON') : title}`
  if (names.length === 0) return `<p class="meta">Answer: ${escapeHtml(what)}</p>`
  return `<details><summary>Answer: ${escapeHtml(what)}</summary>${fields('', schema as TObject)}</details>`
}

function typeOf(schema: TSchema): string {
  const choices: unknown = Reflect.get(schema, 'anyOf')
  if (Array.isArray(choices)) return choices.map((choice: TSchema) => typeOf(choice)).join(' | ')
  const constant: unknown = Reflect.get(schema, 'const')
  if (constant !== undefined) return JSON.stringify(constant)
  const items: unknown = Reflect.get(schema, 'items')
  const type = textOf(schema, 'type') || 'any'
  if (!isSchema(items)) return type
  const item = typeOf(items)
  return item.includes(' | ') ? `(${item})[]` : `${item}[]`
}

function example(endpoint: Endpoint): string {
  const { method, path } = partsOf(endpoint)
  const url = `$CAUSEWAY_URL${endpoint.rootOnly ? '' : '/v1'}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)}`
  const verb = method === 'GET' ? '' : ` -X ${method}`
  const token = endpoint.permission === 'public' ? '' : ` \\\n  -H "Authorization: Bearer $CAUSEWAY_TOKEN"`
  const required: readonly string[] = endpoint.body?.required ?? []
  const data =
    endpoint.body === undefined
      ? ''
      : endpoint.bodyType === 'form'
        ? required.map((name) => ` \\\n  --data-urlencode '${name}=…'`).join('')
        : ` \\\n  -H 'Content-Type: application/json' -d '${JSON.stringify(Object.fromEntries(required.map((name) => [name, EXAMPLES[name] ?? '…'])))}'`
  return `curl${verb} "${url}"${token}${data}`
}

const EXAMPLES: Readonly<Record<string, string>> = { name: 'time', url: 'http://127.0.0.1:3001/mcp' }

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(schema: TSchema, key: string): string {
  const value: unknown = Reflect.get(schema, key)
  return typeof value === 'string' ? value : ''
}
