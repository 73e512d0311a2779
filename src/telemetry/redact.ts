const CENSOR = '[redacted]'
const DEPTH = 4

/** Names under which secrets travel, in lower case without `-` and `_`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'admintoken',
  'password',
  'secret',
  'clientsecret',
  'clientkey',
  'clientidentity',
  'credential',
  'credentials',
  'apikey',
  'xapikey',
  'authvalue',
  'authtoken',
  'authpassword',
  'authheaders',
  'authheadervalue',
  'mcpsessionid',
  'keyring',
])

const verdicts = new Map<string, boolean>()

/** Field names are few and repeat, so what was decided about one is kept; a flood of new ones is not. */
function isSecret(name: string): boolean {
  const known = verdicts.get(name)
  if (known !== undefined) return known
  const verdict = SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''))
  if (verdicts.size < 10_000) verdicts.set(name, verdict)
  return verdict
}

/** The same fields with secrets censored, down to the fourth level. Copies only where it finds one. */
export function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return censored(fields, DEPTH)
}

function censored(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const name in fields) {
    const value = fields[name]
    if (value === null || value === undefined) continue
    const shown = isSecret(name) ? CENSOR : isPlain(value) && depth > 1 ? censored(value, depth - 1) : value
    if (shown === value) continue
    copy ??= { ...fields }
    copy[name] = shown
  }
  return copy ?? fields
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A URL may carry a password, and the message of an error may quote such a URL. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:'"]*:[^\s/@'"]*@/gi

export function withoutUserInfo(text: string): string {
  return text.replaceAll(USER_INFO, `$1${CENSOR}@`)
}
