import { startSlowServer } from '../fixtures/slow-server.ts'
import { startGateway, type RunningGateway } from './gateway.ts'

export interface CrossTalkSite extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly tokens: readonly string[]
  readonly tools: readonly string[]
}

/** Two workers, servers of both eras that everybody sees, and so many users with a token each. */
export async function crossTalkSite(users: number): Promise<CrossTalkSite> {
  await using building = new AsyncDisposableStack()
  const gateway = building.use(await startGateway({ env: { CAUSEWAY_WORKERS: '2' } }))
  const slow = building.use(await startSlowServer())
  for (const era of ['legacy', 'modern'] as const) await gateway.register(era, slow.at(era))
  const tokens: string[] = []
  for (let n = 0; n < users; n += 20)
    tokens.push(
      ...(await Promise.all(Array.from({ length: Math.min(20, users - n) }, (_, i) => newUser(gateway, n + i)))),
    )
  const owned = building.move()
  return {
    gateway,
    tokens,
    tools: ['legacy-echo', 'modern-echo'],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function newUser(gateway: RunningGateway, n: number): Promise<string> {
  const email = `user-${n}@example.com`
  const made = await gateway.api('POST', '/v1/auth/email/admin/users', { email, kind: 'service' })
  const token = await gateway.api('POST', '/v1/tokens', { name: 'first', user_email: email })
  if (made.status >= 300 || token.status >= 300) throw new Error(`${email}: ${JSON.stringify([made, token])}`)
  return String(token.body['access_token'])
}
