import { isDeepStrictEqual } from 'node:util'
import { Type } from '#/api/type.ts'
import type { GatewayId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { MASK } from '#/lib/mask.ts'
import { shownArguments } from '#/lib/shown-arguments.ts'
import type { SealedLaunch, Sharing } from '#/stdio/launch.ts'
import type { CredentialSealer } from './declaration.ts'

/** What an operator says about a server that is started by a command. */
export interface StdioDeclaration {
  readonly command: string
  readonly args: readonly string[]
  /** Sealed JSON of name → value. */
  readonly env: string | null
  readonly envNames: readonly string[]
  readonly cwd: string | null
  readonly sharing: Sharing
}

const Text = (maxLength: number) => Type.String({ maxLength })

/** What a body may say of it. */
export const stdioFields = {
  command: Type.Optional(
    Type.Union([Text(4096), Type.Null()], {
      description: 'For transport STDIO: the program to run on the gateway’s machine, on its PATH or as a whole path',
    }),
  ),
  args: Type.Optional(Type.Union([Type.Array(Text(65_536), { maxItems: 1000 }), Type.Null()])),
  env: Type.Optional(
    Type.Union([Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Text(65_536)), Type.Null()], {
      description: 'Its environment beside PATH, HOME and the like; kept sealed, and shown masked',
    }),
  ),
  cwd: Type.Optional(Type.Union([Text(4096), Type.Null()], { description: 'The folder it runs in' })),
  sharing: Type.Optional(
    Type.Union([Type.Literal('shared'), Type.Literal('per_principal'), Type.Literal('per_call')], {
      description: 'Who share one process: all callers, the calls of one principal, or nobody',
    }),
  ),
}

export interface StdioInput {
  readonly command?: string | null | undefined
  readonly args?: readonly string[] | null | undefined
  readonly env?: Readonly<Record<string, string>> | null | undefined
  readonly cwd?: string | null | undefined
  readonly sharing?: Sharing | undefined
}

/** What only servers behind a URL have. */
const HTTP_ONLY = [
  'url',
  'caCertificate',
  'clientCert',
  'clientKey',
  'httpVersion',
  'authType',
  'authToken',
  'authUsername',
  'authPassword',
  'authHeaders',
] as const
const STDIO_ONLY = ['command', 'args', 'env', 'cwd', 'sharing'] as const

type Body = StdioInput & { readonly [Field in (typeof HTTP_ONLY)[number]]?: unknown }

interface Context {
  readonly id: GatewayId
  readonly sealer: CredentialSealer
}

/** The launch with what a body says replaced. */
export function redeclareStdio(before: StdioDeclaration | null, body: Body, context: Context): StdioDeclaration {
  for (const field of HTTP_ONLY)
    if (isSaid(body[field]))
      throw refused(field, 'a server that is started by a command has none; what it needs goes into args or env')
  const command = body.command ?? before?.command ?? ''
  if (command.trim() === '') throw refused('command', 'is required for transport STDIO')
  const args = givenArguments(body.args, before?.args ?? [])
  const cwd = body.cwd === undefined ? (before?.cwd ?? null) : body.cwd || null
  for (const [field, texts] of Object.entries({ command: [command], args, cwd: [cwd ?? ''] }))
    if (texts.some((text) => text.includes('\0'))) throw refused(field, 'must not hold a NUL character')
  const sharing = body.sharing ?? before?.sharing ?? 'shared'
  return { command, args, cwd, sharing, ...environment(before, body, context) }
}

/** Arguments that come back as they were shown, with what is secret masked, are those that are there. */
function givenArguments(given: StdioInput['args'], before: readonly string[]): readonly string[] {
  if (given === undefined || isDeepStrictEqual(given, shownArguments(before))) return before
  return given ?? []
}

/** Refuses what only a server that is started by a command has. */
export function refuseStdioFields(body: StdioInput): void {
  for (const field of STDIO_ONLY)
    if (isSaid(body[field])) throw refused(field, 'belongs to transport STDIO; this server is reached at a URL')
}

/** The values of a launch's environment. */
export function openEnvironment(
  { gatewayId, env }: { readonly gatewayId: string; readonly env: string | null },
  sealer: Pick<CredentialSealer, 'open'>,
): Readonly<Record<string, string>> {
  if (env === null) return {}
  return JSON.parse(sealer.open(purpose(gatewayId), env).toString('utf8')) as Record<string, string>
}

/** The way to the server of a gateway; null: it is behind a URL. `trial`: this is not stored (yet). */
export function stdioReach(
  { id, version, trial = false }: { readonly id: GatewayId; readonly version: number; readonly trial?: boolean },
  stdio: StdioDeclaration | null,
): SealedLaunch | null {
  if (stdio === null) return null
  const { command, args, env, cwd, sharing } = stdio
  return { gatewayId: id, version, trial, command, args, env, cwd, sharing }
}

const purpose = (id: string): string => `env:${id}`

function environment(
  before: StdioDeclaration | null,
  { env }: Body,
  { id, sealer }: Context,
): Pick<StdioDeclaration, 'env' | 'envNames'> {
  if (env === undefined) return { env: before?.env ?? null, envNames: before?.envNames ?? [] }
  const stored = openEnvironment({ gatewayId: id, env: before?.env ?? null }, sealer)
  const values: Record<string, string> = {}
  for (const [name, given] of Object.entries(env ?? {})) {
    const value = given === MASK ? stored[name] : given
    if (value === undefined) throw refused('env', `${name} needs a value`)
    if (value.includes('\0')) throw refused('env', `${name} must not hold a NUL character`)
    values[name] = value
  }
  const envNames = Object.keys(values)
  // Sealed anew it would read as a change.
  if (before !== null && isDeepStrictEqual(values, stored)) return { env: before.env, envNames: before.envNames }
  return { env: envNames.length === 0 ? null : sealer.seal(purpose(id), JSON.stringify(values)), envNames }
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 'none'
}

function refused(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
