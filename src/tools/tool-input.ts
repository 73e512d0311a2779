import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { ItemUpdateFields, OptionalText } from '#/api/items.ts'

const Null = Type.Null()
const Texts = (what: string) =>
  Type.Optional(Type.Union([Type.Record(Type.String(), Type.String({ maxLength: 8192 })), Null], { description: what }))
const HeaderPair = Type.Object({ key: Type.String({ maxLength: 128 }), value: Type.String({ maxLength: 8192 }) })
const Schema = (what: string) => Type.Optional(Type.Union([Type.Object({}), Null], { description: what }))

/** What may be said of the HTTP API behind a tool. */
const backing = {
  url: Type.Optional(
    Type.Union([Type.String({ maxLength: 2048 }), Null], {
      description: 'http:// or https://; {name} in it is the argument of that name',
    }),
  ),
  integrationType: Type.Optional(
    Type.Union([Type.String(), Null], { description: 'REST; tools of MCP servers come with their gateway' }),
  ),
  requestType: Type.Optional(
    Type.Union([Type.String(), Null], { description: 'GET, POST, PUT, DELETE or PATCH; POST unless said' }),
  ),
  headers: Texts('Headers of every call; their values are kept secret'),
  inputSchema: Schema('JSON Schema of the arguments'),
  outputSchema: Schema('JSON Schema of the answer: such an answer is also given as structuredContent'),
  annotations: Schema('Hints for clients, as MCP knows them'),
  extensionMetadata: Type.Optional(Type.Unknown()),
  jsonpathFilter: OptionalText(1024, 'What of the answer is given'),
  authType: OptionalText(32, 'none, bearer, basic or authheaders'),
  authUsername: OptionalText(256),
  authPassword: OptionalText(4096),
  authToken: OptionalText(8192),
  authHeaders: Type.Optional(Type.Union([Type.Array(HeaderPair, { maxItems: 100 }), Null])),
  authHeaderKey: OptionalText(128),
  authHeaderValue: OptionalText(8192),
  baseUrl: OptionalText(2048, 'In place of url, together with pathTemplate'),
  pathTemplate: OptionalText(2048),
  queryMapping: Texts('Argument → its name in the query'),
  headerMapping: Texts('Argument → the header that it becomes'),
  timeoutMs: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 3_600_000 }), Null], { description: '20000 unless said' }),
  ),
  exposePassthrough: Type.Optional(Type.Union([Type.Boolean(), Null])),
  allowlist: Type.Optional(
    Type.Union([Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 }), Null], {
      description: 'Hosts that the URL may name',
    }),
  ),
}

export const ToolCreate = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 128,
    pattern: '^[a-zA-Z0-9_][a-zA-Z0-9._/-]*$',
    description: "letters, digits, '_', '.', '/' and '-', beginning with a letter, a digit or '_'",
  }),
  displayName: OptionalText(255),
  ...ItemUpdateFields,
  ...backing,
})
export type ToolCreate = Static<typeof ToolCreate>

export const ToolUpdate = Type.Object({
  customName: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: "Changes the tool's computed name" }),
  ),
  displayName: OptionalText(255),
  deprecated: Type.Optional(Type.Boolean()),
  ...ItemUpdateFields,
  ...backing,
})
export type ToolUpdate = Static<typeof ToolUpdate>
