import { GatewayError } from '#/errors/gateway-error.ts'
import { MASK } from '#/lib/mask.ts'
import { checkUpstreamHeader } from './header-rules.ts'

export type AuthType = 'basic' | 'bearer' | 'authheaders'

/** What may be shown of a credential. */
export interface AuthHint {
  readonly username?: string
  readonly headers?: readonly string[]
}

/** The credential fields of a gateway's body. */
export interface AuthInput {
  readonly authType?: string | null | undefined
  readonly authUsername?: string | null | undefined
  readonly authPassword?: string | null | undefined
  readonly authToken?: string | null | undefined
  readonly authHeaders?: readonly { readonly key: string; readonly value: string }[] | null | undefined
  readonly authHeaderKey?: string | null | undefined
  readonly authHeaderValue?: string | null | undefined
}

export interface Credential {
  readonly type: AuthType
  readonly hint: AuthHint
  /** In the clear: sealed before it is stored, never logged. */
  readonly headers: Readonly<Record<string, string>>
}

type Headers = Readonly<Record<string, string>>

/** The credential that a body describes; undefined: the body says nothing of it; null: none. `stored` fills in masks. */
export function credentialOf(input: AuthInput, stored: Headers | null): Credential | null | undefined {
  const type = input.authType?.toLowerCase()
  if (type === undefined)
    return mentioned(input) ? credentialOf({ ...input, authType: guess(input) }, stored) : undefined
  if (type === 'none' || type === '') return null
  if (type === 'bearer') return bearer(input, stored)
  if (type === 'basic') return basic(input, stored)
  if (type === 'authheaders') return authHeaders(input, stored)
  throw refused('authType', `${JSON.stringify(type.slice(0, 32))} is not one of none, bearer, basic, authheaders`)
}

function mentioned(input: AuthInput): boolean {
  return [input.authUsername, input.authPassword, input.authToken, input.authHeaders, input.authHeaderKey].some(
    (value) => value !== undefined && value !== null && value !== MASK,
  )
}

function guess(input: AuthInput): AuthType {
  if (input.authToken) return 'bearer'
  return input.authHeaders || input.authHeaderKey ? 'authheaders' : 'basic'
}

function bearer(input: AuthInput, stored: Headers | null): Credential {
  const token = input.authToken ?? MASK
  const kept = stored?.['authorization']
  if (token === MASK && kept?.startsWith('Bearer '))
    return { type: 'bearer', hint: {}, headers: { authorization: kept } }
  if (token === MASK || token === '') throw refused('authToken', 'is required for auth_type bearer')
  checkUpstreamHeader('authorization', token, 'authToken')
  return { type: 'bearer', hint: {}, headers: { authorization: `Bearer ${token}` } }
}

function basic(input: AuthInput, stored: Headers | null): Credential {
  const before = storedBasic(stored)
  const username = input.authUsername ?? before?.username
  const password = input.authPassword == null || input.authPassword === MASK ? before?.password : input.authPassword
  if (!username) throw refused('authUsername', 'is required for auth_type basic')
  if (username.includes(':')) throw refused('authUsername', 'must not hold a colon')
  if (password === undefined) throw refused('authPassword', 'is required for auth_type basic')
  const authorization = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
  return { type: 'basic', hint: { username }, headers: { authorization } }
}

function storedBasic(stored: Headers | null): { username: string; password: string } | undefined {
  const value = stored?.['authorization']
  if (!value?.startsWith('Basic ')) return undefined
  const text = Buffer.from(value.slice(6), 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function authHeaders(input: AuthInput, stored: Headers | null): Credential {
  const pair = input.authHeaderKey ? [{ key: input.authHeaderKey, value: input.authHeaderValue ?? MASK }] : []
  const given = input.authHeaders ?? pair
  if (given.length === 0) throw refused('authHeaders', 'at least one header is required for auth_type authheaders')
  const headers = new Map<string, string>()
  for (const { key, value } of given) {
    const name = key.trim().toLowerCase()
    const real = value === MASK ? stored?.[name] : value
    if (real === undefined) throw refused('authHeaders', `${name} needs a value`)
    checkUpstreamHeader(name, real, 'authHeaders')
    headers.set(name, real)
  }
  return { type: 'authheaders', hint: { headers: [...headers.keys()] }, headers: Object.fromEntries(headers) }
}

function refused(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}
