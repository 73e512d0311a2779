import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { VisibilityInput } from '#/api/items.ts'
import { TagsInput } from '#/api/tags.ts'
import { GatewayCreate } from '#/gateways/gateway-input.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Description = Type.Optional(Type.Union([Type.String({ maxLength: 8192 }), Type.Null()]))
const Enabled = Type.Optional(Type.Boolean({ description: 'Left out, it stays as it is' }))

const { oneTimeAuth: _once, ...Lasting } = GatewayCreate.properties

/** A gateway as REST takes it. A credential that is used once cannot be declared: it would be used at every start. */
export const DeclaredGateway = Type.Object({ ...Lasting, enabled: Enabled })
export type DeclaredGateway = Static<typeof DeclaredGateway>

const OfferedName = Type.String({
  pattern: '^[A-Za-z0-9_.-]{1,64}$',
  description: "1 to 64 letters, digits, '_', '.' and '-'",
})

/** An item by its name (a resource by its URI), `*` standing for any characters; or with what this server says of it. */
const Selected = Type.Union([
  Type.String({ minLength: 1, maxLength: 2048 }),
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 2048 }),
      as: Type.Optional(OfferedName),
      description: Type.Optional(Type.String({ maxLength: 8192 })),
    },
    { additionalProperties: false },
  ),
])
const Selection = Type.Optional(Type.Array(Selected, { maxItems: 10_000 }))

/** A virtual server with its selection by names. */
export const DeclaredServer = Type.Object({
  name: Name,
  description: Description,
  icon: Type.Optional(Type.Union([Type.String({ maxLength: 2048 }), Type.Null()])),
  tags: Type.Optional(TagsInput),
  visibility: Type.Optional(VisibilityInput),
  enabled: Enabled,
  tools: Selection,
  prompts: Selection,
  resources: Selection,
})
export type DeclaredServer = Static<typeof DeclaredServer>

/** A token; its value never travels, only what it is recognised by. */
export const DeclaredToken = Type.Object({
  name: Name,
  description: Description,
  tags: Type.Optional(TagsInput),
  permissions: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 })),
  server: Type.Optional(Type.String({ description: 'The name of the virtual server that it is narrowed to' })),
  expiresAt: Type.Optional(Type.String({ maxLength: 40, description: 'A date, such as 2027-01-31, or a time' })),
  expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500, description: 'From when it is made' })),
  hash: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description:
        'the SHA-256 of the token, 64 hexadecimal digits; left out, a token that is there stays the one it is',
    }),
  ),
  hint: Type.Optional(Type.String({ maxLength: 8, description: 'The first characters of the token' })),
})
export type DeclaredToken = Static<typeof DeclaredToken>

export const DeclaredSet = Type.Object({
  set: Type.String({
    pattern: '^[A-Za-z0-9_.-]{1,64}$',
    description: "1 to 64 letters, digits, '_', '.' and '-'",
  }),
  gateways: Type.Optional(Type.Array(DeclaredGateway, { maxItems: 1000 })),
  servers: Type.Optional(Type.Array(DeclaredServer, { maxItems: 1000 })),
  tokens: Type.Optional(Type.Array(DeclaredToken, { maxItems: 1000 })),
})
/** What one file, or one caller, wants there to be. */
export type DeclaredSet = Static<typeof DeclaredSet>

export const SECTIONS = { gateways: DeclaredGateway, servers: DeclaredServer, tokens: DeclaredToken } as const
export type Section = keyof typeof SECTIONS
export const SECTION_NAMES = Object.keys(SECTIONS) as readonly Section[]
