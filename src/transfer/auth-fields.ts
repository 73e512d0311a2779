type Headers = Readonly<Record<string, string>>

/** Credential headers as the fields of a gateway or a tool. */
export function authFieldsOf(type: string, headers: Headers): Record<string, unknown> {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? ''
  if (type === 'bearer') return { authType: 'bearer', authToken: authorization.replace(/^Bearer /i, '') }
  if (type === 'basic') {
    const text = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return { authType: 'basic', authUsername: text.slice(0, colon), authPassword: text.slice(colon + 1) }
  }
  return { authType: 'authheaders', authHeaders: Object.entries(headers).map(([key, value]) => ({ key, value })) }
}

/** Header names as others write them: `Authorization`, `X-Api-Key`. */
export function titled(headers: Headers): Headers {
  const named = (name: string): string => name.replaceAll(/(^|-)([a-z])/g, (part) => part.toUpperCase())
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [named(name), value]))
}
