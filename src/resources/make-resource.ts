import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { parseUriTemplate } from '#/lib/uri-template.ts'
import type { Resource, ResourceChange } from './resource.ts'
import type { ResourceCreate, ResourceUpdate } from './resource-input.ts'

/** Every content is held by every worker. */
const MAX_CONTENT = 102_400

/** The first state of a resource whose content is stored here. */
export function newResource(body: ResourceCreate): ResourceChange {
  const { tags = [] } = body
  return { ...declared(body, {}), content: bounded(body.content), tags: tagsOf(tags) }
}

/** What a body changes of a resource. What an MCP server says of its own is not ours to change: such fields do nothing there. */
export function changedResource(resource: Resource, body: ResourceUpdate): ResourceChange {
  const { tags } = body
  return {
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(resource.gatewayId === null ? redeclared(resource, body) : said(body)),
  }
}

function said({ title, description }: ResourceUpdate): ResourceChange {
  return {
    ...(title === undefined ? {} : { customTitle: title }),
    ...(description === undefined ? {} : { customDescription: description }),
  }
}

interface Said {
  readonly uri?: string
  readonly uriTemplate?: string
  readonly name?: string
  readonly mimeType?: string
  readonly title?: string
  readonly description?: string
  readonly size?: number
}

function redeclared({ definition }: Resource, body: ResourceUpdate): ResourceChange {
  const { content } = body
  return {
    ...declared(body, JSON.parse(definition) as Said),
    ...(content == null ? {} : { content: bounded(content) }),
  }
}

/** The definition as a server would give it, and the columns that repeat it. */
function declared(body: ResourceUpdate, was: Said): ResourceChange {
  const template = body.uriTemplate === undefined ? was.uriTemplate : (body.uriTemplate ?? undefined)
  const uri = body.uri ?? was.uri ?? was.uriTemplate ?? ''
  const name = body.name ?? was.name ?? uri
  const mimeType = body.mimeType ?? was.mimeType ?? 'text/plain'
  requireUri(uri)
  if (template !== undefined) requireTemplate(template)
  const of = (given: string | null | undefined, old: string | undefined) => (given === undefined ? old : given)
  const definition = {
    ...(template === undefined ? { uri } : { uriTemplate: template }),
    name,
    title: of(body.title, was.title),
    description: of(body.description, was.description),
    mimeType,
    size: body.content == null ? was.size : Buffer.byteLength(body.content),
  }
  const present = Object.entries(definition).filter(([, value]) => value != null)
  return {
    uri: template ?? uri,
    isTemplate: template !== undefined,
    name,
    mimeType,
    definition: JSON.stringify(Object.fromEntries(present)),
  }
}

function requireUri(uri: string): void {
  if (uri.includes('..')) throw invalid('uri', 'must not contain ..')
}

function requireTemplate(text: string): void {
  requireUri(text)
  if (parseUriTemplate(text) === undefined) throw invalid('uriTemplate', 'is not a URI template that can be matched')
}

function bounded(content: string): string {
  const size = Buffer.byteLength(content)
  if (size <= MAX_CONTENT) return content
  const message = `content: holds ${size} bytes, and at most ${MAX_CONTENT} are stored`
  throw new GatewayError('too_large', message, {
    field: 'content',
    data: { error: 'Resource content size limit exceeded', actual_size: size, max_size: MAX_CONTENT },
  })
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
