import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLegacyFixture, type Fixture } from '../fixtures/legacy-server.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

let gateway: RunningGateway
let upstream: Fixture

beforeAll(async () => {
  ;[gateway, upstream] = await Promise.all([startGateway(), startLegacyFixture()])
})
afterAll(async () => {
  for (const one of [gateway, upstream]) await one?.[Symbol.asyncDispose]()
})

const run = (args: readonly string[], token?: string): Promise<CliRun> =>
  causeway(args, {
    CAUSEWAY_URL: gateway.url,
    CAUSEWAY_DATA_DIR: gateway.dataDir,
    ...(token !== undefined && { CAUSEWAY_TOKEN: token }),
  })

test('from a new user to a team whose servers it changes, and why', async () => {
  const made = await run(['user', 'add', 'ann@example.com', '--name', 'Ann Lee'])
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^cw_\S+\n$/)])
  const ann = made.out.trim()
  expect((await run(['team', 'add', 'payments'])).out).toMatch(/^team payments is there: [0-9a-f]{32}\n$/)
  const joined = await run(['team', 'add-member', 'payments', 'ann@example.com'])
  expect([joined.code, joined.out]).toEqual([0, 'ann@example.com is in the team as member\n'])
  expect((await run(['team', 'list'], ann)).out).toMatch(/payments .*private/)
  const team = JSON.parse((await run(['team', 'list', '--json'])).out) as { id: string; name: string }[]
  const { status } = await gateway.api('POST', '/v1/gateways', {
    name: 'till',
    url: upstream.url,
    team_id: team.find(({ name }) => name === 'payments')?.id,
    visibility: 'team',
  })
  expect(status).toBe(200)

  const before = await run(['why', 'gateways.update', '--gateway', 'till'], ann)
  expect(before.out).toMatch(/^ann@example\.com may not gateways\.update: no role that is held covers this\n/)
  expect(before.out).toMatch(/would change it: the role developer in team /)
  const given = await run(['role', 'give', 'ann@example.com', 'developer', '--team', 'payments'])
  expect([given.code, given.out]).toEqual([0, 'ann@example.com holds developer\n'])
  expect((await run(['why', 'gateways.update', '--gateway', 'till'], ann)).out).toMatch(
    /^ann@example\.com may gateways\.update: developer in team /,
  )
  expect((await run(['role', 'take', 'ann@example.com', 'developer', '--team', 'payments'])).code).toBe(0)
  expect((await run(['team', 'remove-member', 'payments', 'ann@example.com'])).code).toBe(0)
  expect((await run(['why', 'gateways.read', '--gateway', 'till', '--user', 'ann@example.com'])).out).toMatch(
    /may not gateways\.read: it is for a team that the user, or its token, is not in/,
  )
})

test('who there is, which roles, and who is kept out', async () => {
  await run(['user', 'add', 'robot@example.com', '--service'])
  expect((await run(['user', 'list'])).out).toMatch(/robot@example\.com +service +enabled/)
  expect((await run(['user', 'disable', 'robot@example.com'])).out).toBe('robot@example.com is disabled\n')
  expect((await run(['user', 'list'])).out).toMatch(/robot@example\.com +service +disabled/)
  expect((await run(['role', 'list'])).out).toMatch(/^platform_admin +platform/m)
  const unknown = await run(['team', 'add-member', 'nobodys', 'robot@example.com'])
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('there is no team nobodys')])
})

test('a member becomes an owner, and an owner a member; the last one makes another before it leaves', async () => {
  for (const name of ['bob', 'eve']) await run(['user', 'add', `${name}@example.com`])
  await run(['team', 'add', 'crew'])
  expect((await run(['team', 'add-member', 'crew', 'bob@example.com'])).code).toBe(0)
  const dry = await run(['team', 'add-member', 'crew', 'Bob@example.com', '--owner', '--dry-run'])
  expect([dry.code, dry.err]).toEqual([0, expect.stringContaining('nothing was changed')])
  expect((await run(['team', 'members', 'crew'])).out).toMatch(/^bob@example\.com +member /m)
  const owner = await run(['team', 'add-member', 'crew', 'Bob@example.com', '--owner'])
  expect([owner.code, owner.out, owner.err]).toEqual([0, 'bob@example.com is in the team as owner\n', ''])
  expect((await run(['team', 'add-member', 'crew', 'eve@example.com', '--owner'])).out).toContain('as owner')
  expect((await run(['team', 'set-role', 'crew', 'eve@example.com', 'member'])).out).toContain('as member')
  expect((await run(['team', 'members', 'crew'])).out).toMatch(/^eve@example\.com +member /m)

  const advice = (await run(['team', 'leave', '--help'])).out.match(/causeway (team set-role) TEAM EMAIL (owner)/)
  expect(advice?.slice(1)).toEqual(['team set-role', 'owner'])
  expect((await run(['team', 'set-role', 'crew', 'bob@example.com', 'member'])).code).toBe(0)
  const last = await run(['team', 'leave', 'crew'])
  expect([last.code, last.err]).toEqual([1, expect.stringContaining('409')])
  expect((await run(['team', 'set-role', 'crew', 'bob@example.com', 'owner'])).code).toBe(0)
  expect((await run(['team', 'leave', 'crew'])).code).toBe(0)
  const strange = await run(['team', 'set-role', 'crew', 'bob@example.com', 'boss'])
  expect([strange.code, strange.err]).toEqual([2, expect.stringMatching(/Allowed choices are owner, member/)])
})

test("a role of one's own: made of the closed list, changed, held, and ended", async () => {
  const make = (...permissions: readonly string[]) =>
    run(['role', 'create', 'tester', '--held-in', 'platform', ...permissions.flatMap((one) => ['--permission', one])])
  const slip = await make('tool.execute')
  expect([slip.code, slip.err]).toEqual([1, expect.stringMatching(/"tool\.execute": did you mean tools\.execute/)])
  const kind = await make('tools.run')
  expect(kind.err).toMatch(/"tools\.run": did you mean tools\.create or tools\.read or /)
  const made = await make('tools.read', 'prompts.*')
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^role tester is there: .*prompts\.delete/)])
  const dry = await run(['role', 'update', 'tester', '--remove', 'prompts.*', '--dry-run'])
  expect([dry.code, dry.err]).toEqual([0, expect.stringContaining('nothing was changed')])
  const less = await run(['role', 'update', 'tester', '--remove', 'prompts.*', '--add', 'tools.execute'])
  expect(less.out).toBe('tester permits tools.read, tools.execute\n')
  expect((await run(['role', 'show', 'tester'])).out).toMatch(
    /held in +the platform\n[\s\S]*permits +tools\.read\n +tools\.execute\n/,
  )
  await run(['role', 'give', 'robot@example.com', 'tester'])
  expect((await run(['user', 'roles', 'robot@example.com'])).out).toMatch(/^tester +platform +for good/m)
  const asked = await run(['role', 'delete', 'tester'])
  expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('say --yes')])
  expect((await run(['role', 'delete', 'tester', '--yes'])).out).toBe('Role tester deleted\n')
  expect((await run(['user', 'roles', 'robot@example.com'])).out).not.toContain('tester')
})

test('a user is seen, renamed, made an administrator and not, unlocked and ended', async () => {
  await run(['user', 'add', 'zoe@example.com'])
  expect((await run(['user', 'update', 'zoe@example.com', '--name', 'Zoe', '--admin'])).out).toBe(
    'zoe@example.com (Zoe) is an administrator\n',
  )
  const dry = await run(['user', 'update', 'zoe@example.com', '--no-admin', '--dry-run'])
  expect([dry.code, dry.err]).toEqual([0, expect.stringContaining('nothing was changed')])
  await run(['user', 'update', 'zoe@example.com', '--no-admin'])
  expect((await run(['user', 'show', 'zoe@example.com'])).out).toMatch(/name +Zoe\n +kind +person\n +state +enabled/)
  for (let n = 0; n < 12; n++)
    await gateway.api('POST', '/v1/auth/login', { email: 'zoe@example.com', password: 'wrong' })
  expect((await run(['user', 'unlock', 'zoe@example.com'])).out).toBe('User zoe@example.com unlocked\n')
  expect((await run(['user', 'show', 'zoe@example.com'])).out).not.toMatch(/failed|locked/)
  expect((await run(['user', 'delete', 'zoe@example.com', '--yes'])).code).toBe(0)
  expect((await run(['user', 'show', 'zoe@example.com'])).err).toContain('User not found')
})

test('a team is changed and ended; tokens are made for it and for others, narrowed and switched off', async () => {
  await run(['team', 'add', 'readers'])
  const changed = await run(['team', 'update', 'readers', '--name', 'circle', '--public', '--max-members', '5'])
  expect(changed.out).toBe('team circle is changed\n')
  expect((await run(['team', 'show', 'circle'])).out).toMatch(/kind +public\n +members +1 of at most 5/)
  await run(['user', 'add', 'kim@example.com'])
  await run(['team', 'add-member', 'circle', 'kim@example.com'])
  const made = await run(['token', 'create', 'till', '--team', 'circle', '--user', 'kim@example.com'])
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^cw_\S+\n$/)])
  const narrowed = await run(['token', 'update', 'till', '--rename', 'tills', '--limit', '1/hour', '--disable'])
  expect(narrowed.out).toMatch(/^tills is switched off, team [0-9a-f]{32}, 1 call an hour\n$/)
  expect((await run(['token', 'list', '--all'])).out).toMatch(/^ID +NAME +OF +CREATED[\s\S]* tills +kim@example\.com /)
  const first = await run(['token', 'revoke', 'first'])
  expect(first.err).toMatch(/several live tokens fit "first": first \([0-9a-f]{32}\), first \(/)
  const gone = await run(['team', 'delete', 'circle', '--yes'])
  expect([gone.code, gone.out]).toEqual([0, 'team circle is gone\n'])
})
