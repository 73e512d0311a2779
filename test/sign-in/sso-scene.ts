import { expect } from 'vitest'
import { testDatabase, type TestDatabase, type TestDatabaseOptions } from '../support/database.ts'
import { freePort, startGateway, type RunningGateway } from '../support/gateway.ts'
import { browse, CLIENT, identityProvider, type IdentityProvider } from './identity-provider.ts'
import { ask, mail, type Answer } from './people.ts'

export interface Begun {
  /** What the browser keeps for the gateway. */
  readonly cookie: string
  /** Where it is sent. */
  readonly url: string
}

/** A gateway of two workers, and the identity provider that its people sign in with. */
export interface SsoScene extends AsyncDisposable {
  readonly database: TestDatabase
  readonly provider: IdentityProvider
  readonly gateway: RunningGateway
  readonly home: string
  begin(): Promise<Begun>
  /** The way back, with what the browser kept. */
  back(at: string, cookie: string): Promise<Answer>
  /** From the first click to what the gateway answers. */
  signIn(who: string | null, change?: (at: URL) => void): Promise<Answer>
  /** Somebody whom the provider knows. */
  person(name: string, over?: object): void
  /** What the newest sign-in left in the audit log. */
  lastAudit(): Promise<Record<string, unknown>>
}

const OIDC = {
  client_id: CLIENT.id,
  scopes: ['openid', 'email', 'profile', 'groups'],
  groups: {
    bosses: ['platform_admin'],
    payers: ['developer@payments', 'viewer@books'],
    ghosts: ['developer@nowhere', 'no_such_role'],
  },
  domains: ['example.com'],
  unknown_users: 'make',
}

interface SsoOptions {
  /** Besides what is usual here. */
  readonly oidc?: object
  readonly provider?: Partial<Parameters<typeof identityProvider>[0]>
  readonly database?: TestDatabaseOptions
}

export async function ssoScene({ oidc, provider: kind, database: letters }: SsoOptions = {}): Promise<SsoScene> {
  await using building = new AsyncDisposableStack()
  const PORT = String(await freePort())
  const home = `http://127.0.0.1:${PORT}`
  const database = building.use(await testDatabase(letters))
  const provider = building.use(await identityProvider({ ...kind, redirectUri: `${home}/auth/sso/callback` }))
  const env = {
    PORT,
    DATABASE_URL: database.url,
    CAUSEWAY_WORKERS: '2',
    CAUSEWAY_PUBLIC_URL: home,
    CAUSEWAY_OIDC: JSON.stringify({ ...OIDC, ...oidc, issuer: provider.issuer }),
    CAUSEWAY_OIDC_CLIENT_SECRET: CLIENT.secret,
  }
  const gateway = building.use(await startGateway({ env }))
  const begin = async (): Promise<Begun> => {
    const { status, headers, body } = await ask(gateway, 'GET', '/auth/sso/login')
    expect([status, body]).toEqual([303, {}])
    const [set = ''] = headers['set-cookie'] as string[]
    expect(set).toMatch(/^__Host-causeway-login=[^;]+; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    return { cookie: set.split(';', 1)[0] ?? '', url: String(headers['location']) }
  }
  const back: SsoScene['back'] = (at, cookie) => ask(gateway, 'GET', at.slice(home.length), { headers: { cookie } })
  const owned = building.move()
  return {
    database,
    provider,
    gateway,
    home,
    begin,
    back,
    async signIn(who, change = () => {}) {
      const { cookie, url } = await begin()
      const at = new URL(await browse(url, home, who))
      change(at)
      return await back(at.href, cookie)
    },
    person: (name, over = {}) =>
      void provider.people.set(name, { email: mail(name), email_verified: true, name: `The ${name}`, ...over }),
    async lastAudit() {
      const [row] = await database.sql<{ detail: string }>(
        `SELECT detail FROM audit_log WHERE action = 'session.begin' ORDER BY seq DESC LIMIT 1`,
      )
      return JSON.parse(row?.detail ?? '{}') as Record<string, unknown>
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Status and words of a refusal. */
export const sentences = ({ status, body }: Answer) => [status, body.detail]
