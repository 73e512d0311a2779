import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { thisMachine, type Env } from '#/config/env.ts'
import { isLoopback, readSettings } from '#/config/read-settings.ts'
import { Api } from './api.ts'
import { CliError } from './cli-error.ts'
import { sessionToken } from './session.ts'

export interface GatewayPlace {
  readonly origin: string
  /** CAUSEWAY_TOKEN, else that of a session, else what lies in the data folder now. Throws a CliError where there is none. */
  readonly token: () => Promise<string>
}

/** The gateway that CAUSEWAY_URL names, else the one of this machine. */
export function gatewayPlace(env: Env): GatewayPlace {
  const { values } = readSettings(env, thisMachine())
  const local = `http://127.0.0.1:${values.PORT}`
  const written = given(env, 'CAUSEWAY_URL')
  const url = URL.parse(written ?? local)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CliError(
      `CAUSEWAY_URL is ${JSON.stringify(written)} but must be an http or https URL, such as ${local}`,
      { code: 'config' },
    )
  const { origin } = url
  const token = given(env, 'CAUSEWAY_TOKEN')
  if (token !== null) return { origin, token: () => Promise.resolve(token) }
  const isHere = isLoopback(url.hostname.replaceAll(/[[\]]/g, '')) || origin === values.CAUSEWAY_PUBLIC_URL
  const ofMachine = async (): Promise<string> => {
    if (isHere) return await tokenOf(join(values.CAUSEWAY_DATA_DIR, 'admin-token'))
    throw new CliError(`${origin} is another machine: causeway login, or set CAUSEWAY_TOKEN`, { code: 'no_token' })
  }
  return { origin, token: async () => (await sessionToken(origin)) ?? (await ofMachine()) }
}

/** Its REST API, with the token of CAUSEWAY_TOKEN, of a session or of the data folder. */
export async function openApi(env: Env, stop: AbortSignal): Promise<Api> {
  const { origin, token } = gatewayPlace(env)
  return new Api(origin, await token(), stop)
}

async function tokenOf(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const why = missing ? 'there is none' : 'this account may not read it'
    throw new CliError(
      `no API token: it would be in ${path}, but ${why}. Start the gateway once (causeway serve), or set CAUSEWAY_TOKEN`,
      { cause, code: 'no_token' },
    )
  }
}

function given(env: Env, name: string): string | null {
  const text = (env[name] ?? '').trim()
  return text === '' ? null : text
}
