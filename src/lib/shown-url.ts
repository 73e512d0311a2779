import { MASK } from './mask.ts'
/** Names under which keys travel, in lower case without `-`, `_` and `.`. */
const SECRET = /(key|token|secret|password|passwd|pwd|signature|sig|auth|authorization|credential|credentials|jwt)$/

/** A place for an argument, in the URL of a tool. */
const PLACE = /^\{[\w-]+\}$/

/** A URL as people and logs may read it: what looks like a key or a password in it is masked. What is no URL stays as it is. */
export function shownUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) return text
  const secrets = [...url.searchParams]
    .filter(([name, value]) => isSecretName(name) && !PLACE.test(value))
    .map(([name]) => name)
  if (secrets.length === 0 && url.password === '') return text
  for (const name of secrets) url.searchParams.set(name, MASK)
  if (url.password !== '') url.password = MASK
  return url.href
}

/** Whether a key or a password is what travels under this name. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name.toLowerCase().replaceAll(/[-_.]/g, ''))
}
