import { expect, test } from 'vitest'
import type { Principal } from '#/access/principal.ts'
import { searchCatalog, type Searching } from './search.ts'
import type { Snapshot } from './snapshot.ts'

const tool = (name: string, n: number, more: object = {}) => ({
  id: String(n),
  name: `up-${name}`,
  originalName: name,
  gatewayId: 'g1',
  enabled: true,
  definition: JSON.stringify({
    name,
    description: `does ${n}`,
    inputSchema: { properties: { to: { type: 'string' } } },
  }),
  customDescription: null,
  visibility: 'public',
  ownerId: null,
  teamId: null,
  ...more,
})

function snapshotOf(tools: readonly object[]): Snapshot {
  const none = (): readonly never[] => []
  const teams = [
    { id: 't1', name: 'Mail people' },
    { id: 't2', name: 'Mail others' },
  ]
  const parts = { gateways: none, servers: none, prompts: none, resources: none, users: none }
  return { ...parts, tools: () => tools, teams: () => teams } as unknown as Snapshot
}

const who = (sight: object = {}, sees = (thing: { readonly visibility: string }) => thing.visibility === 'public') =>
  ({
    visibilityClass: { sight: { isAdmin: false, teamId: null, teams: ['t1'], ...sight }, sees },
  }) as unknown as Principal

const ASKED: Searching = {
  words: ['mail'],
  kinds: ['tools'],
  who: who(),
  limit: 10,
  includeInactive: false,
  gatewayIds: null,
  teamId: null,
  tagged: null,
}

async function namesOf(tools: readonly object[], over: Partial<Searching>): Promise<readonly (string | undefined)[]> {
  const found = await searchCatalog(snapshotOf(tools), { ...ASKED, ...over })
  return [...found.values()].flat().map(({ names }) => names[0])
}

test('what is called so comes first, then what begins so, what has it, what has all words, what is said to do it', async () => {
  const tools = [
    tool('clock', 1, { customDescription: 'Tells the hour; sends no MAIL' }),
    tool('remail', 2),
    tool('mailbox', 3),
    tool('mail', 4),
  ]
  expect(await namesOf(tools, {})).toEqual(['up-mail', 'up-mailbox', 'up-remail', 'up-clock'])
  expect(await namesOf([tool('send-a-mail', 1), tool('mail-it', 2)], { words: ['Mail', 'SEND'] })).toEqual([
    'up-send-a-mail',
  ])
  expect(await namesOf(tools, { limit: 2 })).toEqual(['up-mail', 'up-mailbox'])
})

test('what stands in a schema is not said of the tool; what is written with escapes is', async () => {
  const quoted = tool('speak', 1, { definition: String.raw`{"name":"speak","description":"says \"h\u00e9\" aloud"}` })
  const one = [tool('clock', 7), quoted]
  expect(await namesOf(one, { words: ['string'] })).toEqual([])
  expect(await namesOf(one, { words: ['does', '7'] })).toEqual(['up-clock'])
  expect(await namesOf(one, { words: ['hé'] })).toEqual(['up-speak'])
  expect(await namesOf(one, { words: ['"h'] })).toEqual(['up-speak'])
})

test.each<[string, Partial<Searching>, readonly string[]]>([
  ['what is not seen is not there', { who: who({}, () => false) }, []],
  [
    'what is switched off, only where it is asked for',
    { includeInactive: true },
    ['up-mail', 'up-mail-off', 'up-mail-team'],
  ],
  ['of one gateway', { gatewayIds: new Set(['g2']) }, ['up-mail-team']],
  ['of one team', { teamId: 't1' }, ['up-mail-team']],
  ['with a tag', { tagged: new Set(['1']) }, ['up-mail']],
  ['teams that one is in', { kinds: ['teams'] }, ['Mail people']],
  ['all teams, for administrators', { kinds: ['teams'], who: who({ isAdmin: true }) }, ['Mail others', 'Mail people']],
  ['the team of a token alone', { kinds: ['teams'], who: who({ isAdmin: true, teamId: 't2' }) }, ['Mail others']],
])('%s', async (_, over, names) => {
  const tools = [
    tool('mail', 1),
    tool('mail-off', 2, { enabled: false }),
    tool('mail-team', 3, { gatewayId: 'g2', teamId: 't1' }),
  ]
  expect(await namesOf(tools, over)).toEqual(names)
})
