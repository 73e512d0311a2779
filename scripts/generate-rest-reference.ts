import { describedApi } from './described-api.ts'
import { cell, generated, table } from './generated-file.ts'

// docs/reference/rest.md from the same description as docs/openapi.json.

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly schema: Schema
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly 'x-permission'?: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const { paths, components } = (await describedApi()) as unknown as Description

const named = (schema: Schema): string | undefined => schema.$ref?.split('/').at(-1)

function typeOf(schema: Schema): string {
  const name = named(schema)
  if (name !== undefined) return name
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' or ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ')
}

function fieldRows(schema: Schema): readonly (readonly string[])[] {
  const { properties = {}, required = [] } = components.schemas[named(schema) ?? ''] ?? schema
  return Object.entries(properties).map(([name, field]) => [
    `\`${name}\`${required.includes(name) ? ' (required)' : ''}`,
    cell(typeOf(field)),
    cell(field.description ?? ''),
  ])
}

const contentOf = (content: Content | undefined): Schema | undefined => Object.values(content ?? {})[0]?.schema

function operation(route: string, one: Operation): string {
  const [status = '', answer] = Object.entries(one.responses)[0] ?? []
  const schema = contentOf(answer?.content)
  const permission = one['x-permission']
  const parts = [
    `### ${route}`,
    `${one.summary}. ${permission === undefined ? 'Open to strangers.' : `Needs \`${permission}\`.`} Answers ${status}${schema === undefined ? '' : `: ${typeOf(schema)}`}.`,
  ]
  if (one.description !== undefined) parts.push(one.description)
  const parameters = one.parameters.filter((parameter) => parameter.in !== 'path')
  const rows = parameters.map((each) => [
    `\`${each.name}\``,
    each.in,
    cell(each.description ?? each.schema.description ?? typeOf(each.schema)),
  ])
  if (rows.length > 0) parts.push(table(['parameter', 'in', ''], rows))
  const body = contentOf(one.requestBody?.content)
  const fields = body === undefined ? [] : fieldRows(body)
  if (fields.length > 0) parts.push(table(['field of the body', 'type', ''], fields))
  return parts.join('\n\n')
}

const all = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ route: `${method.toUpperCase()} ${path}`, one })),
)
const groups = [...Map.groupBy(all, ({ one }) => one.tags[0] ?? '')]
const chapters = groups.map(
  ([tag, members]) => `## ${tag}\n\n${members.map(({ route, one }) => operation(route, one)).join('\n\n')}`,
)
const shapes = Object.entries(components.schemas)
  .toSorted(([a], [b]) => a.localeCompare(b))
  .map(([name, schema]) => `### ${name}\n\n${table(['field', 'type', ''], fieldRows(schema))}`)

await generated(
  'docs/reference/rest.md',
  `# REST API

<!-- Made by scripts/generate-rest-reference.ts. -->

The running gateway shows this at \`/docs\`, and describes it for programs at \`/openapi.json\` ([the same file](../openapi.json)).
Every path also answers without its \`/v1\`. Send \`Authorization: Bearer TOKEN\`. A failure is a [Problem](#problem): \`detail\` says
what to do, \`code\` is for programs, \`request_id\` is what the log knows the request by.

${chapters.join('\n\n')}

## Shapes

${shapes.join('\n\n')}
`,
)
