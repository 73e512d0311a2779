import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { TeamInput } from '#/api/items.ts'
import { TagsInput } from '#/api/tags.ts'
import { dialFields } from './dial-options.ts'
import { stdioFields } from './stdio-declaration.ts'

const Text = (maxLength: number) => Type.Union([Type.String({ maxLength }), Type.Null()])
const HeaderPair = Type.Object({ key: Type.String({ maxLength: 128 }), value: Type.String({ maxLength: 8192 }) })

export const VisibilityInput = Type.Union([Type.Literal('private'), Type.Literal('team'), Type.Literal('public')])

/** What may be said of a gateway, at its creation or later. Every name is accepted in camel and in snake case. */
const fields = {
  ...stdioFields,
  description: Type.Optional(Text(8192)),
  transport: Type.Optional(
    Type.Union([Type.String({ maxLength: 32 }), Type.Null()], {
      description: 'STREAMABLEHTTP or SSE (HTTP+SSE of 2024-11-05), or leave it out to find out; STDIO runs a command',
    }),
  ),
  tags: Type.Optional(TagsInput),
  visibility: Type.Optional(VisibilityInput),
  teamId: TeamInput,
  passthroughHeaders: Type.Optional(
    Type.Union([Type.Array(Type.String(), { maxItems: 100 }), Type.String({ maxLength: 4096 }), Type.Null()], {
      description: "Names of the caller's headers that go on to the upstream",
    }),
  ),
  authType: Type.Optional(
    Type.Union([Type.String({ maxLength: 32 }), Type.Null()], { description: 'none, bearer, basic or authheaders' }),
  ),
  authUsername: Type.Optional(Text(256)),
  authPassword: Type.Optional(Text(4096)),
  authToken: Type.Optional(Text(8192)),
  authHeaders: Type.Optional(Type.Union([Type.Array(HeaderPair, { maxItems: 100 }), Type.Null()])),
  authHeaderKey: Type.Optional(Text(128)),
  authHeaderValue: Type.Optional(Text(8192)),
  oneTimeAuth: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Use the credential for the first connect and do not store it',
    }),
  ),
  caCertificate: Type.Optional(
    Type.Union([Type.String({ maxLength: 65_536 }), Type.Null()], {
      description: 'PEM; trusted for this gateway only',
    }),
  ),
  ...dialFields,
  refreshIntervalSeconds: Type.Optional(Type.Union([Type.Integer({ minimum: 60, maximum: 2_592_000 }), Type.Null()])),
  timeoutMs: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 3_600_000 }), Type.Null()], {
      description: 'Total deadline of a call in milliseconds',
    }),
  ),
}

const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[a-zA-Z0-9_.\\- ]+$',
  description: "letters, digits, spaces, '_', '.' and '-'",
})
const Url = Type.Union([Type.String({ minLength: 1, maxLength: 2048 }), Type.Null()], {
  description: 'http:// or https://, without credentials; absent where a command is run',
})

export const GatewayCreate = Type.Object({ name: Name, url: Type.Optional(Url), ...fields })
export type GatewayCreate = Static<typeof GatewayCreate>

export const GatewayUpdate = Type.Object({ name: Type.Optional(Name), url: Type.Optional(Url), ...fields })
export type GatewayUpdate = Static<typeof GatewayUpdate>
