import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { thisMachine, type Machine } from '#/config/env.ts'
import { readSecretFile, replaceSecretFile } from '#/config/secret-file.ts'
import { isObject } from '#/lib/is-object.ts'
import { Api } from './api.ts'
import { CliError } from './cli-error.ts'

/** Somebody who signed in to a gateway with `causeway login`. */
export interface KeptSession {
  readonly email: string
  readonly token: string
  /** ms since the epoch. */
  readonly begins: number
  readonly expires: number
}

/** Sessions by the origin of their gateway, in the folder of this account's configuration, readable for it alone. */
export function sessionsPath({ platform, home, configHome }: Machine = thisMachine()): string {
  if (platform === 'win32') return join(configHome ?? join(home, 'AppData', 'Roaming'), 'Causeway', 'sessions.json')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Causeway', 'sessions.json')
  return join(configHome ?? join(home, '.config'), 'causeway', 'sessions.json')
}

async function readAll(path: string): Promise<Record<string, KeptSession>> {
  const text = await readSecretFile(path)
  if (text === null) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value as Record<string, KeptSession>
  } catch {
    // Below.
  }
  throw new CliError(`${path} is not what causeway login wrote: delete it and sign in again`)
}

export async function keptSession(origin: string, path = sessionsPath()): Promise<KeptSession | undefined> {
  const all = await readAll(path)
  return Object.hasOwn(all, origin) ? all[origin] : undefined
}

/** null: forgets it. */
export async function keepSession(origin: string, session: KeptSession | null, path = sessionsPath()): Promise<void> {
  const all = new Map(Object.entries(await readAll(path)))
  if (session === null) all.delete(origin)
  else all.set(origin, session)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await replaceSecretFile(path, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`)
}

const REFRESH_MS = 10_000

/** The token of whoever signed in there, refreshed in the second half of its life; null: nobody did. */
export async function sessionToken(origin: string): Promise<string | null> {
  const session = await keptSession(origin)
  if (session === undefined) return null
  const now = Date.now()
  if (now >= session.expires) throw over(origin, session)
  if (now < (session.begins + session.expires) / 2) return session.token
  try {
    const made = await new Api(origin, session.token, AbortSignal.timeout(REFRESH_MS)).json('POST', '/v1/auth/refresh')
    const { access_token: token, expires_in: seconds } = made
    if (typeof token !== 'string' || typeof seconds !== 'number') return session.token
    await keepSession(origin, { email: session.email, token, begins: now, expires: now + seconds * 1000 })
    return token
  } catch (cause) {
    if (cause instanceof CliError && cause.status !== undefined && cause.status < 500) throw over(origin, session)
    return session.token
  }
}

function over(origin: string, { email }: KeptSession): CliError {
  const message = `the session of ${email} at ${origin} is over: causeway login, or causeway logout to go on without`
  return new CliError(message, { code: 'session_over' })
}
