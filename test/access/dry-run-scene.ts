import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'

export type Said = Readonly<Record<string, unknown>>
export type Noun = 'tools' | 'prompts' | 'resources' | 'servers' | 'gateways'

/** A change that is asked about, and then made. */
export interface Asked {
  /** Without: the administrator. */
  readonly who?: string
  readonly path: string
  readonly body?: object
  readonly ifMatch?: string
  /** What the change itself is to be answered: `200` stands for every success. */
  readonly status: number
}

export interface Answered {
  readonly status: number
  readonly said: Said
}

/** A gateway in which everything that a case needs is made anew, so that no case meets what another left. */
export interface DryScene extends AsyncDisposable {
  readonly upstream: string
  /** Never given before. */
  name(): string
  ask(method: string, asked: Omit<Asked, 'status'>): Promise<Answered>
  /** By the administrator, who succeeds. */
  admin(method: string, path: string, body?: object): Promise<Said>
  /** A new thing that everybody sees, by id. */
  thing(noun: Noun, more?: object): Promise<string>
  /** A new team, by id. */
  team(): Promise<string>
  /** A new user with a token; its name. */
  person(): Promise<string>
  tokenOf(person: string): Promise<string>
  /** What an identity provider vouched for stands for a user from now on; its id. */
  linked(email: string): Promise<string>
  /** What a change moves: the number of the change clock with the head of the audit log. */
  clock(): Promise<string>
}

/** Who runs the scene. */
export const ADMIN = 'admin@localhost'
export const emailOf = (who: string): string => (who.includes('@') ? who : mail(who))
export const mail = (name: string): string => `${name}@example.com`

export const toolBody = (name: string) => ({
  name,
  url: 'http://127.0.0.1:9/x',
  integration_type: 'REST',
  request_type: 'GET',
})
export const promptBody = (name: string) => ({ name, template: 'Hello' })
export const resourceBody = (name: string) => ({ uri: `text://${name}`, name, content: 'text' })
export const serverBody = (name: string) => ({ name })

export async function dryScene(): Promise<DryScene> {
  const owned = new AsyncDisposableStack()
  const upstream = owned.use(await startSlowServer()).at('modern')
  const database = owned.use(await testDatabase())
  const gateway = owned.use(
    await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_TEAMS_PER_USER: '1000' } }),
  )
  const tokens = new Map<string, string>()
  let made = 0
  const name = (): string => `thing${++made}`
  const bodies = {
    tools: toolBody,
    prompts: promptBody,
    resources: resourceBody,
    servers: serverBody,
    gateways: (called: string) => ({ name: called, url: upstream }),
  } as const satisfies Record<Noun, (name: string) => object>

  async function ask(method: string, { who, path, body, ifMatch }: Omit<Asked, 'status'>): Promise<Answered> {
    const token = who === undefined ? gateway.token : tokens.get(who)
    const response = await fetch(gateway.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, said: (text === '' ? {} : JSON.parse(text)) as Said }
  }

  async function admin(method: string, path: string, body?: object): Promise<Said> {
    const { status, said } = await ask(method, { path, ...(body && { body }) })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(said)}`)
    return said
  }

  return {
    upstream,
    name,
    ask,
    admin,
    thing: async (noun, more = {}) =>
      String((await admin('POST', `/v1/${noun}`, { ...bodies[noun](name()), ...more }))['id']),
    team: async () => String((await admin('POST', '/v1/teams', { name: name() }))['id']),
    person: async () => {
      const who = name()
      await admin('POST', '/v1/auth/email/admin/users', { email: mail(who) })
      const { access_token: token } = await admin('POST', '/v1/tokens', { name: 'the first', user_email: mail(who) })
      tokens.set(who, String(token))
      return who
    },
    tokenOf: async (who) => {
      const { said } = await ask('POST', { who, path: '/v1/tokens', body: { name: name() } })
      return String((said['token'] as Said)['id'])
    },
    linked: async (email) => {
      const [user] = await database.sql<{ id: string }>('SELECT id FROM users WHERE email = $1', [email])
      const [issuer, subject] = ['https://former.example.com', name()]
      const values = [issuer, subject, user?.id]
      await database.sql('INSERT INTO user_identities (issuer, subject, user_id) VALUES ($1, $2, $3)', values)
      const { said } = await ask('GET', { path: `/v1/auth/email/admin/users/${email}/identities` })
      const all = said as unknown as readonly { readonly id: string; readonly subject: string }[]
      return all.find((each) => each.subject === subject)?.id ?? 'none'
    },
    clock: async () => {
      const rows = await database.sql<Said>(`SELECT seq, encode(audit_head, 'hex') AS head FROM change_clock`)
      return JSON.stringify(rows)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
