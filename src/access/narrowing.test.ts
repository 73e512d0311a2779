import { expect, test } from 'vitest'
import { ServerId, TeamId } from './ids.ts'
import { widening, type Rights, type Way } from './narrowing.ts'

const ALL: Rights = { permissions: null, serverId: null, teamId: null, expiresAt: null, limits: null }
const serverId = ServerId.mint()
const teamId = TeamId.mint()
const read: Rights = { ...ALL, permissions: new Set(['tools.read']) }

const CASES: readonly (readonly [string, Rights, Rights, Way | null])[] = [
  ['all, all', ALL, ALL, null],
  ['all, less', ALL, { permissions: new Set([]), serverId, teamId, expiresAt: 1, limits: null }, null],
  ['some, all', read, ALL, 'permissions'],
  ['some, the same', read, read, null],
  ['some, others', read, { ...ALL, permissions: new Set(['tools.execute']) }, 'permissions'],
  ['some, none', read, { ...ALL, permissions: new Set([]) }, null],
  ['a server, all', { ...ALL, serverId }, ALL, 'serverId'],
  ['a server, another', { ...ALL, serverId }, { ...ALL, serverId: ServerId.mint() }, 'serverId'],
  ['a server, the same', { ...ALL, serverId }, { ...ALL, serverId }, null],
  ['a team, all', { ...ALL, teamId }, ALL, 'teamId'],
  ['an end, none', { ...ALL, expiresAt: 5 }, ALL, 'expiresAt'],
  ['an end, a later one', { ...ALL, expiresAt: 5 }, { ...ALL, expiresAt: 6 }, 'expiresAt'],
  ['an end, an earlier one', { ...ALL, expiresAt: 5 }, { ...ALL, expiresAt: 4 }, null],
]

test.each(CASES)('held and wanted: %s', (_, held, wanted, first) => expect(widening(held, wanted)).toBe(first))
