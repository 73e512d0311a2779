import type { Command } from 'commander'
import { Api, failure, type Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { gatewayPlace } from './open-api.ts'
import { newPassword, PASSWORD_OPTION, passwordOf } from './password.ts'
import { keepSession, keptSession } from './session.ts'
import { browserSignIn, signInWithBrowser } from './sso-login.ts'
import { plainText } from './terminal.ts'

interface LoginOptions {
  readonly code?: boolean
  readonly passwordFile?: string
  readonly sso?: boolean
  readonly json?: boolean
}

export function loginCommand(program: Command, context: Context): void {
  const command = program
    .command('login')
    .description('sign in with an e-mail address and a password, or a browser; commands then act for that user')
    .argument('[email]', 'the e-mail address; asked for unless given')
    .option('--sso', 'sign in at the identity provider of the gateway, with a browser on this machine')
    .option('--code', 'choose a password first, with a code that an administrator gave')
    .option(...PASSWORD_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string | undefined, options: LoginOptions) => {
      const { env, stop, out } = context
      const { origin } = gatewayPlace(env)
      const api = new Api(origin, '', stop)
      const made = await sessionFor(api, { email, ...options }, context)
      const now = Date.now()
      const expires = now + Number(made['expires_in']) * 1000
      const user = made['user'] as Json | undefined
      const session = { email: plainText(user?.['email']), token: plainText(made['access_token']) }
      await keepSession(origin, { ...session, begins: now, expires })
      const until = new Date(expires).toISOString()
      if (options.json === true)
        return out.print(JSON.stringify({ url: origin, email: session.email, expires_at: until }))
      out.print(`signed in to ${origin} as ${session.email}; the session lasts as long as it is used`)
    })
  taught(command, {
    examples: [
      ['the gateway of this machine', 'causeway login ann@example.com'],
      ['with a browser, where the gateway has an identity provider', 'causeway login --sso'],
      ['with a code from an administrator', 'causeway login --code'],
      ['in a script', 'causeway login ann@example.com --password-file -'],
    ],
    next: 'causeway logout ends the session. CAUSEWAY_TOKEN, where it is set, goes before it.',
  })
}

/** With a browser where that is said, or where it is offered and nobody says an address. */
async function sessionFor(
  api: Api,
  options: LoginOptions & { readonly email: string | undefined },
  context: Context,
): Promise<Json> {
  const { keyboard } = context
  const mayAsk = options.email === undefined && options.code !== true && options.passwordFile === undefined
  const offer = options.sso === true || (mayAsk && keyboard.present) ? await browserSignIn(api) : null
  if (options.sso === true) {
    if (offer === null)
      throw new CliError(`${api.url} has no identity provider: causeway login, with an e-mail address and a password`)
    return await withBrowser(api, offer, { context, options })
  }
  const chosen = options.code === true ? await chooseWithCode(api, options, context) : undefined
  const hint = offer === null ? '' : ` (none: sign in at ${new URL(offer.issuer).host})`
  const email = chosen?.email ?? options.email ?? (await keyboard.ask(`E-mail${hint}: `))
  if (offer !== null && email === '') return await withBrowser(api, offer, { context, options })
  const password = chosen?.password ?? (await passwordOf(options.passwordFile, context))
  return await signedIn(api, { email, password }, context)
}

async function withBrowser(
  api: Api,
  { loginUrl }: { readonly loginUrl: string },
  { context, options }: { readonly context: Context; readonly options: LoginOptions },
): Promise<Json> {
  const { out, stop } = context
  const say = (line: string): void => (options.json === true ? out.complain(line) : out.note(line))
  const show = (url: string, code: string): void => {
    say('Open this address with a browser on this machine:')
    say(`  ${url}`)
    say(`The page that asks whether you meant it shows this code: ${code}`)
  }
  return await signInWithBrowser(api, { loginUrl, stop, show })
}

interface Credentials {
  readonly email: string
  readonly password: string
}

async function signedIn(api: Api, { email, password }: Credentials, context: Context): Promise<Json> {
  const answer = await api.send('POST', '/v1/auth/email/login', { body: JSON.stringify({ email, password }) })
  if (answer.status === 403 && answer.headers.has('x-password-change-required')) {
    await answer.arrayBuffer()
    context.out.note('This password was chosen by somebody else: choose another.')
    const chosen = await newPassword(undefined, context)
    const body = JSON.stringify({ email, old_password: password, new_password: chosen })
    return await api.json('POST', '/v1/auth/email/change-password', body)
  }
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text) as Json
  if (answer.status === 401)
    throw new CliError('wrong e-mail address or password', { code: 'unauthenticated', status: 401 })
  throw failure(answer, text, api.url)
}

async function chooseWithCode(api: Api, { passwordFile }: LoginOptions, context: Context): Promise<Credentials> {
  const code = await context.keyboard.askSecret('Code: ')
  const password = await newPassword(passwordFile, context)
  const body = JSON.stringify({ reset_code: code, new_password: password })
  const done = await api.json('POST', '/v1/auth/email/reset-password', body)
  return { email: plainText(done['email']), password }
}

export function logoutCommand(program: Command, { env, stop, out }: Context): void {
  const command = program
    .command('logout')
    .description('end the session of causeway login, here and at the gateway')
    .option(...JSON_OPTION)
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { origin } = gatewayPlace(env)
      const session = await keptSession(origin)
      if (session === undefined) throw new CliError(`nobody is signed in to ${origin}`, { code: 'no_session' })
      const answer = await new Api(origin, session.token, stop).send('POST', '/v1/auth/logout')
      const text = await answer.text()
      // What is over there already only has to be forgotten here.
      if (!answer.ok && answer.status !== 401 && answer.status !== 400) throw failure(answer, text, origin)
      await keepSession(origin, null)
      out.print(json === true ? JSON.stringify({ url: origin, email: session.email }) : `signed out of ${origin}`)
    })
  taught(command, {
    examples: [
      ['from the gateway of this machine', 'causeway logout'],
      ['from another', 'CAUSEWAY_URL=https://mcp.example.com causeway logout'],
    ],
  })
}
