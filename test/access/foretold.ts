import { expect } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

export type Said = Readonly<Record<string, unknown>>

/** A token with whose it is and where it comes in. */
export interface Caller {
  readonly token: string
  readonly tokenId: string
  readonly user: string
  /** Narrowed, so that it is told of by its own id. */
  readonly isNarrowed: boolean
  /** The virtual server that is its only door; null: all of them. */
  readonly serverId: string | null
}

export interface Change {
  readonly method: string
  readonly path: string
  readonly body?: object
}

interface Told {
  readonly user: string
  readonly tool: string
  readonly token_id?: string
  readonly server_id?: string
}

export interface Foretold {
  readonly gains: readonly Told[]
  readonly loses: readonly Told[]
}

/** A gateway with people whose lists are looked at before and after every change. */
export interface ForetoldScene extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly database: TestDatabase
  readonly upstream: string
  /** By name. Whoever is put here is looked at, too. */
  readonly callers: Map<string, Caller>
  /** Virtual servers whose doors are tried. */
  readonly servers: Set<string>
  admin(method: string, path: string, body?: object): Promise<Said>
  /** Makes a user with a token that narrows nothing. */
  person(name: string): Promise<void>
  /** Makes a token of somebody's, and looks at it from then on. */
  token(name: string, of: string, body: object): Promise<string>
  /** Asks what a change would do, sees that nothing was done, does it, and compares with what everybody can use then. */
  foretold(change: Change): Promise<Foretold>
  /** What everybody can really use, by caller and door. */
  uses(): Promise<Uses>
  /** Compares what is told with what everybody could use before and can after. */
  compare(told: Foretold, uses: BothUses, isOfServer?: boolean): void
  /** The same for a change that may be refused: what a dry run is refused for, the change is. Null: it was. */
  tried(change: Change): Promise<Foretold | null>
}

export const mail = (name: string): string => `${name}@example.com`

export async function foretoldScene(): Promise<ForetoldScene> {
  const owned = new AsyncDisposableStack()
  const upstream = owned.use(await startSlowServer()).at('modern')
  const database = owned.use(await testDatabase())
  const gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url } }))
  const callers = new Map<string, Caller>()
  const servers = new Set<string>()

  async function ask(token: string, change: Change): Promise<Answered> {
    const response = await fetch(gateway.url + change.path, {
      method: change.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(change.body && { body: JSON.stringify(change.body) }),
    })
    const text = await response.text()
    return { ok: response.ok, status: response.status, said: (text === '' ? {} : JSON.parse(text)) as Said }
  }

  async function admin(method: string, path: string, body?: object): Promise<Said> {
    const { ok, said } = await ask(gateway.token, { method, path, ...(body && { body }) })
    if (!ok) throw new Error(`${method} ${path}: ${JSON.stringify(said)}`)
    return said
  }

  async function rpc({ token }: Caller, door: string, method: string, params: object): Promise<Said | null> {
    const body = { jsonrpc: '2.0', id: 1, method, params }
    const { said } = await ask(token, { method: 'POST', path: door, body })
    return (said['result'] as Said | undefined) ?? null
  }

  /** What a caller can really use through a door: it is listed there, and answers. */
  async function usedAt(caller: Caller, door: string): Promise<ReadonlySet<string>> {
    const list = await rpc(caller, door, 'tools/list', {})
    const names = ((list?.['tools'] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name)
    const answers = await Promise.all(names.map((name) => rpc(caller, door, 'tools/call', { name, arguments: {} })))
    return new Set(names.filter((_, n) => answers[n] !== null))
  }

  /** By caller and door. */
  async function everything(): Promise<Uses> {
    const uses = new Map<string, ReadonlySet<string>>()
    for (const [name, caller] of callers) {
      if (caller.serverId === null) uses.set(`${name} /mcp`, await usedAt(caller, '/mcp'))
      for (const id of caller.serverId === null ? servers : [caller.serverId])
        uses.set(`${name} ${id}`, await usedAt(caller, `/servers/${id}/mcp`))
    }
    return uses
  }

  function compare(told: Foretold, { before, after }: BothUses, isOfServer = false): void {
    for (const change of ['gains', 'loses'] as const) {
      const [from, to] = change === 'gains' ? [before, after] : [after, before]
      for (const [name, caller] of callers) {
        for (const door of doorsOf(caller)) {
          const really = [...(to.get(`${name} ${door}`) ?? [])].filter(
            (tool) => !from.get(`${name} ${door}`)?.has(tool),
          )
          const own = entries(told[change], caller, door)
          // Of a narrowed token goes without saying what its user gains or loses alike.
          const self = { ...caller, isNarrowed: false }
          const alike = ['/mcp', door].flatMap((each) => entries(told[change], self, each))
          // And of a token that loses or gains what it can use, that it does at every door.
          if (caller.serverId === null) alike.push(...entries(told[change], caller, '/mcp'))
          if (caller.isNarrowed) {
            expect([change, name, door, own.filter((tool) => !really.includes(tool))]).toEqual([change, name, door, []])
            // Which doors a user may enter is told where it is a server that changes.
            if (caller.serverId === null && door !== '/mcp' && !isOfServer) continue
            const unsaid = really.filter((tool) => !own.includes(tool) && !alike.includes(tool))
            expect([change, name, door, unsaid]).toEqual([change, name, door, []])
          } else if (door === '/mcp' || isOfServer)
            expect([change, name, door, own.toSorted()]).toEqual([change, name, door, really.toSorted()])
        }
      }
    }
  }

  const doorsOf = ({ serverId }: Caller): readonly string[] => (serverId === null ? ['/mcp', ...servers] : [serverId])

  async function foretold(change: Change): Promise<Foretold> {
    const told = await tried(change)
    if (told === null) throw new Error(`${change.method} ${change.path} was refused`)
    return told
  }

  async function tried(change: Change): Promise<Foretold | null> {
    const before = await everything()
    const dry = await ask(gateway.token, { ...change, path: dryPath(change.path) })
    expect(await everything()).toEqual(before)
    const real = await ask(gateway.token, change)
    if (!dry.ok) {
      expect([change, real.ok, wordsOf(dry.said)]).toEqual([change, false, wordsOf(real.said)])
      return null
    }
    expect(dry.said).toMatchObject({ dry_run: true, is_complete: true, unnamed: 0 })
    expect([change, real.ok, real.said]).toEqual([change, true, real.said])
    const told = dry.said as unknown as Foretold
    compare(told, { before, after: await everything() }, change.path.startsWith('/v1/servers'))
    return told
  }

  return {
    gateway,
    database,
    upstream,
    callers,
    servers,
    admin,
    async person(name) {
      await admin('POST', '/v1/auth/email/admin/users', { email: mail(name) })
      const { access_token: token, token: made } = await admin('POST', '/v1/tokens', {
        name: 'the first',
        user_email: mail(name),
      })
      const tokenId = String((made as Said)['id'])
      callers.set(name, { token: String(token), tokenId, user: mail(name), isNarrowed: false, serverId: null })
    },
    async token(name, of, body) {
      const maker = callers.get(of)
      if (maker === undefined) throw new Error(`nobody is called ${of}`)
      const { ok, said } = await ask(maker.token, { method: 'POST', path: '/v1/tokens', body: { name, ...body } })
      if (!ok) throw new Error(JSON.stringify(said))
      const { id, server_id: serverId } = said['token'] as Said
      const tokenId = String(id)
      const made = { token: String(said['access_token']), tokenId, user: maker.user, isNarrowed: true }
      callers.set(name, { ...made, serverId: (serverId as string | null | undefined) ?? null })
      return tokenId
    },
    foretold,
    tried,
    uses: everything,
    compare,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Answered {
  readonly ok: boolean
  readonly status: number
  readonly said: Said
}

export type Uses = ReadonlyMap<string, ReadonlySet<string>>

interface BothUses {
  readonly before: Uses
  readonly after: Uses
}

function entries(told: readonly Told[], caller: Caller, door: string): readonly string[] {
  const mine = told.filter(
    ({ user, token_id: token, server_id: server }) =>
      user === caller.user &&
      (token ?? null) === (caller.isNarrowed ? caller.tokenId : null) &&
      (server ?? '/mcp') === door,
  )
  return mine.map(({ tool }) => tool)
}

const dryPath = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}dry_run=true`

/** A refusal without what is different each time. */
const wordsOf = ({ detail, code }: Said): unknown => [code, detail]
