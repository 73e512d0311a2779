import { allow, allowAny } from '#/access/allow.ts'
import { TokenId, type ServerId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import { together, type Otherwise } from '#/access/otherwise.ts'
import type { Permission } from '#/access/permissions.ts'
import { mintToken } from '#/access/token-format.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { constraintOf } from '#/gateways/register.ts'
import { MASK } from '#/lib/mask.ts'
import { actorOf } from '#/tokens/create-token.ts'
import { tokenGone, tokenThen } from '#/tokens/foreseeing.ts'
import { ownedToken, rightsOf, type Token } from '#/tokens/token.ts'
import { narrowed, refuseWider } from '#/tokens/token-scope.ts'
import type { TokenDeps, TokenToMake, TokenWriter } from '#/tokens/token-store.ts'
import type { DeclaredToken } from './declared-input.ts'
import {
  differences,
  snake,
  takenOver,
  type Applying,
  type Change,
  type Existing,
  type Ran,
  type Step,
} from './step.ts'

const DAY_MS = 86_400_000
const UNLIMITED: Rights = { permissions: null, serverId: null, teamId: null, expiresAt: null, limits: null }

export interface TokenPlan {
  readonly wanted: DeclaredToken
  readonly found: Existing | undefined
  /** SHA-256 of the token that is there, hex. */
  readonly hash: string | undefined
  /** Finds a virtual server by its name; null: there is none. */
  readonly serverNamed: (name: string) => Promise<ServerId | null>
  /** How the server is spoken of that this very set makes; null: it makes none of this name. */
  readonly serverComing: ServerId | null
}

/** What is to be done for a token to be as declared. */
export async function tokenStep(deps: TokenDeps, applying: Applying, plan: TokenPlan): Promise<Step> {
  const { wanted, found } = plan
  const base = { kind: 'token', name: wanted.name, note: null, unknown: null } as const
  const serverId = await serverOf(plan)
  if (serverId === null && wanted.server !== undefined && plan.serverComing === null) throw noServer(wanted)
  if (found === undefined) {
    const rights = rightsFor(wanted, applying, { serverId: serverId ?? plan.serverComing, madeAt: Date.now() })
    const outcome = async (): Promise<Otherwise> => {
      const made = toMake(wanted, rights, secretOf(wanted) ?? mintToken())
      await written(deps.rehearsal, applying, made)
      return tokenThen({ id: made.id, userId: applying.principal.userId }, rights)
    }
    const run = (): Promise<Ran> => create(deps, applying, plan)
    return { ...base, action: 'create', id: null, changes: shown(wanted), outcome, run }
  }
  const token = await tokenFor(deps, applying, found)
  const rights = rightsFor(wanted, applying, { serverId, madeAt: Date.parse(token.createdAt) })
  const isOther = wanted.hash !== undefined && plan.hash !== wanted.hash
  const value = isOther ? [{ field: 'value', from: MASK, to: MASK }] : []
  const changes = [
    ...takenOver(found, applying),
    ...differences(saidOf(token, rightsOf(token)), saidBy(wanted, rights)),
    ...value,
  ]
  const run = (): Promise<Ran> =>
    isOther ? replace(deps, applying, { plan, token }) : update(deps, applying, { plan, token })
  const after = { ...rights, serverId: rights.serverId ?? plan.serverComing }
  const outcome = async (): Promise<Otherwise> => {
    if (changes.length === 0) return {}
    if (!isOther) {
      await rewritten(deps.rehearsal, applying, { wanted, token, rights: after })
      return tokenThen(token, after)
    }
    const made = toMake(wanted, after, secretOf(wanted) ?? mintToken())
    await replaced(deps.rehearsal, applying, { token, made })
    return together([tokenGone(token.id), tokenThen({ id: made.id, userId: applying.principal.userId }, after)])
  }
  return { ...base, action: changes.length === 0 ? 'keep' : 'change', id: token.id, changes, outcome, run }
}

async function tokenFor(deps: TokenDeps, { principal }: Applying, { id, name }: Existing): Promise<Token> {
  const token = TokenId.is(id) ? await deps.store.byId(id) : undefined
  if (token === undefined) throw new GatewayError('conflict', `the token ${name} is being changed by others; try again`)
  return allow(principal, 'tokens.update', ownedToken(token)).target
}

const serverOf = async ({ wanted: { server }, serverNamed }: TokenPlan): Promise<ServerId | null> =>
  server === undefined ? null : await serverNamed(server)

function noServer({ name, server }: DeclaredToken): GatewayError {
  const message = `the token ${name} is for the virtual server ${JSON.stringify(server)}, which does not exist`
  return new GatewayError('invalid_field', message, { field: `tokens.${name}.server` })
}

/** Refuses rights that go further than those of whoever applies. */
function rightsFor(
  { permissions, expiresAt, expiresInDays }: DeclaredToken,
  { held }: Applying,
  { serverId, madeAt }: { readonly serverId: ServerId | null; readonly madeAt: number },
): Rights {
  const until = expiresAt === undefined ? null : Date.parse(expiresAt)
  const rights: Rights = {
    ...narrowed(UNLIMITED, { permissions: permissions === undefined ? null : [...permissions], server_id: serverId }),
    teamId: held.teamId,
    expiresAt: expiresInDays === undefined ? until : madeAt + expiresInDays * DAY_MS,
  }
  refuseWider(held, rights, 'the one it is declared with')
  return rights
}

async function create(deps: TokenDeps, applying: Applying, plan: TokenPlan): Promise<Ran> {
  const made = await makeable(applying, plan)
  const { id, seq } = await written(deps.store, applying, made)
  await deps.settled(seq)
  return { id, note: null }
}

/** The token as it is declared, where whoever applies may make it. */
async function makeable(applying: Applying, plan: TokenPlan): Promise<TokenToMake> {
  const { wanted } = plan
  allowAny(applying.principal, 'tokens.create')
  const serverId = await serverOf(plan)
  if (serverId === null && wanted.server !== undefined) throw noServer(wanted)
  const { name } = wanted
  const secret = secretOf(wanted)
  if (secret === null)
    throw new GatewayError('invalid_field', `the token ${name} needs a value: say its hash`, {
      field: `tokens.${name}.hash`,
    })
  return toMake(wanted, rightsFor(wanted, applying, { serverId, madeAt: Date.now() }), secret)
}

type Secret = TokenToMake['secret']

const secretOf = ({ hash, hint = '' }: DeclaredToken): Secret | null =>
  hash === undefined ? null : { hash: Buffer.from(hash, 'hex'), hint }

function toMake({ name, description = null, tags = [] }: DeclaredToken, rights: Rights, secret: Secret): TokenToMake {
  return { id: TokenId.mint(), forUser: null, secret, name, description, rights, tags: tagsOf(tags), isActive: true }
}

async function written(writer: TokenWriter, { principal }: Applying, token: TokenToMake) {
  return await writer.create(token, null, actorOf(principal)).catch(refusedAsUsed(token.name))
}

const refusedAsUsed = (name: string) => (cause: unknown) => {
  throw constraintOf(cause) === 'tokens_hash' ? usedBefore(name, cause) : cause
}

/** What was revoked stays so: its value may be in hands that it was taken from. */
function usedBefore(name: string, cause: unknown): GatewayError {
  const message = `the value of the token ${name} is that of a token which was revoked, or of another: delete its file, and the next time one is made, or declare another value`
  return new GatewayError('conflict', message, { field: `tokens.${name}.hash`, cause })
}

async function update(
  deps: TokenDeps,
  applying: Applying,
  { plan, token }: { readonly plan: TokenPlan; readonly token: Token },
): Promise<Ran> {
  const { wanted } = plan
  const rights = rightsFor(wanted, applying, { serverId: await serverOf(plan), madeAt: Date.parse(token.createdAt) })
  const { seq } = await rewritten(deps.store, applying, { wanted, token, rights })
  await deps.settled(seq)
  return { id: token.id, note: null }
}

interface Rewriting {
  readonly wanted: DeclaredToken
  readonly token: Token
  readonly rights: Rights
}

async function rewritten(writer: TokenWriter, { principal }: Applying, { wanted, token, rights }: Rewriting) {
  const { description = null, tags = [], name } = wanted
  const { id, version } = token
  const change = { id, version, name, description, rights, tags: tagsOf(tags), isActive: true }
  const done = await writer.update(change, actorOf(principal))
  if (done === undefined) throw new GatewayError('conflict', 'the token is being changed by others; try again')
  return done
}

/** Another value is another token: what was handed out before ends now, unless the other one cannot be made. */
async function replace(
  deps: TokenDeps,
  applying: Applying,
  { plan, token }: { readonly plan: TokenPlan; readonly token: Token },
): Promise<Ran> {
  const made = await makeable(applying, plan)
  const { seq } = await replaced(deps.store, applying, { token, made })
  await deps.settled(seq)
  return { id: made.id, note: null }
}

interface Replacing {
  readonly token: Token
  readonly made: TokenToMake
}

async function replaced(writer: TokenWriter, { principal }: Applying, { token, made }: Replacing) {
  if (token.id === principal.tokenId) throw inHand(made)
  const by = { token: made, reason: 'declared with another value' }
  const done = await writer.replace(token.id, by, actorOf(principal)).catch(refusedAsUsed(made.name))
  if (done === undefined) throw new GatewayError('conflict', 'the token is being changed by others; try again')
  return done
}

/** Whoever gave it up would have nothing in hand to make the other one with. */
function inHand({ name }: TokenToMake): GatewayError {
  const message = `the token ${name} is the one in hand: apply another value of it with another token`
  return new GatewayError('conflict', message, { field: `tokens.${name}.hash` })
}

async function revoke(
  deps: TokenDeps,
  { principal }: Applying,
  { id, reason }: { readonly id: TokenId; readonly reason: string },
): Promise<void> {
  const written = await deps.store.revoke(id, { reason, ifMatch: null }, actorOf(principal))
  await deps.settled(written?.seq ?? null)
}

/** Ends a token that is no longer declared. */
export function tokenRemoval(deps: TokenDeps, applying: Applying, existing: Existing): Step {
  const { id, name } = existing
  const may = (): Promise<Token> => tokenFor(deps, applying, existing)
  const run = async (): Promise<Ran> => {
    const token = await may()
    await revoke(deps, applying, { id: token.id, reason: 'no longer declared' })
    return { id, note: null }
  }
  const outcome = async (): Promise<Otherwise> => tokenGone((await may()).id)
  return { action: 'remove', kind: 'token', name, id, changes: [], note: null, outcome, unknown: null, run }
}

type Said = Readonly<Record<string, unknown>>

function saidOf({ description, tags, isActive }: Token, rights: Rights): Said {
  return { description, tags, isActive, ...saidOfRights(rights) }
}

function saidBy({ description = null, tags = [] }: DeclaredToken, rights: Rights): Said {
  return { description, tags: tagsOf(tags), isActive: true, ...saidOfRights(rights) }
}

function saidOfRights({ permissions, serverId, expiresAt }: Rights): Said {
  return {
    permissions: sorted(permissions),
    server: serverId,
    // The database keeps microseconds, a declaration that counts days does not.
    expiresAt: expiresAt === null ? null : new Date(Math.floor(expiresAt / 1000) * 1000).toISOString(),
  }
}

function sorted(permissions: ReadonlySet<Permission> | null): readonly Permission[] | null {
  return permissions === null ? null : [...permissions].toSorted()
}

function shown(wanted: DeclaredToken): readonly Change[] {
  const said = Object.entries(wanted).filter(([name]) => !['name', 'hash', 'hint'].includes(name))
  return [...said, ['value', MASK] as const].map(([field, to]) => ({ field: snake(field), from: null, to }))
}
