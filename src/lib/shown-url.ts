const MASK = '*****'

/** Names of query parameters under which keys travel, in lower case without `-`, `_` and `.`. */
const SECRET = /(key|token|secret|password|passwd|pwd|signature|sig|auth|authorization|credential|credentials|jwt)$/

/** A URL as people and logs may read it: what looks like a key or a password in it is masked. What is no URL stays as it is. */
export function shownUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) return text
  const secrets = [...url.searchParams.keys()].filter((name) =>
    SECRET.test(name.toLowerCase().replaceAll(/[-_.]/g, '')),
  )
  if (secrets.length === 0 && url.password === '') return text
  for (const name of secrets) url.searchParams.set(name, MASK)
  if (url.password !== '') url.password = MASK
  return url.href
}
