import { expect, test } from 'vitest'
import { TokenId, UserId } from '#/access/ids.ts'
import { principalOf } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import { administratorStanding } from '#/access/standing.ts'
import { LOCAL_GATEWAY } from '#/catalog/local.ts'
import type { Destination } from './resolve.ts'
import { Shares } from './shares.ts'

const LIMITS = { calls: 4000, callsPerPrincipal: 1000 }

function someone(): Principal {
  const user = { id: UserId.mint(), email: 'a@example.com', enabled: true, memberships: [], assignments: [] }
  const narrowed = { teamId: null, permissions: null, serverId: null, expiresAt: null, limits: null }
  return principalOf({ id: TokenId.mint(), userId: user.id, ...narrowed }, user, administratorStanding(user))
}

const one = someone()

const at = (id: string): Destination =>
  ({ kind: 'tool', gateway: { id, name: `the ${id}` }, item: {} }) as unknown as Destination
const api = (id: string, url: string): Destination =>
  ({ kind: 'tool', gateway: LOCAL_GATEWAY, item: { id, local: { backing: { url } } } }) as unknown as Destination

/** As many as it gets of them, in turns. */
function fill(shares: Shares, places: readonly Destination[], who = one): readonly number[] {
  const taken = places.map(() => 0)
  for (let isAny = true; isAny;) {
    isAny = false
    for (const [n, place] of places.entries()) {
      try {
        shares.take(who, place)
        taken[n] = (taken[n] ?? 0) + 1
        isAny = true
      } catch (cause) {
        expect(cause).toMatchObject({ code: 'overloaded', retryAfter: 1 })
      }
    }
  }
  return taken
}

test.each([
  [1, 666, 334],
  [2, 400, 200],
  [5, 182, 91],
  [50, 20, 10],
])('%d servers that hang take %d of a principal’s places each and leave %d', (servers, each, left) => {
  const shares = new Shares(LIMITS)
  const taken = fill(
    shares,
    Array.from({ length: servers }, (_, n) => at(`server ${n}`)),
  )
  for (const count of taken) expect(Math.abs(count - each)).toBeLessThanOrEqual(1)
  expect(1000 - taken.reduce((sum, count) => sum + count, 0)).toBe(left)
  expect(() => shares.take(one, at('another'))).not.toThrow()
})

test('the refusal names the server and says what it holds', () => {
  const shares = new Shares(LIMITS)
  fill(shares, [at('slow')])
  expect(() => shares.take(one, at('slow'))).toThrow(
    "calls to the server 'the slow' hold 666 of your 1000 places, and the rest is kept for other servers; try again in a second",
  )
  const unseeing = { ...someone(), visibilityClass: { ...one.visibilityClass, sees: () => false } }
  fill(shares, [at('slow')], unseeing)
  expect(() => shares.take(unseeing, at('slow'))).toThrow('calls to the server behind this tool hold 666 of your')
})

test('servers that hang for everybody leave places of the gateway too', () => {
  const shares = new Shares(LIMITS)
  const everybody = Array.from({ length: 20 }, someone)
  for (const who of everybody) fill(shares, [at('a'), at('b')], who)
  expect(() => shares.take(someone(), at('a'))).toThrow("of the gateway's 4000 places")
  for (const who of everybody) expect(() => shares.take(who, at('c'))).not.toThrow()
})

test('tools at one host share what it gets, and tools at another do not', () => {
  const shares = new Shares(LIMITS)
  const [some, more] = fill(shares, [api('1', 'http://slow.example/a'), api('2', 'http://slow.example/b/{c}')])
  expect((some ?? 0) + (more ?? 0)).toBe(666)
  expect(() => shares.take(one, api('3', 'http://fast.example/a'))).not.toThrow()
})

test('what is over gives its place back, and little stays', () => {
  const shares = new Shares(LIMITS)
  for (let n = 0; n < 3000; n++) shares.take({ ...one, key: `somebody ${n}` }, at('s'))[Symbol.dispose]()
  expect(shares.principals).toBeLessThanOrEqual(1000)
  const taken = Array.from({ length: 666 }, () => shares.take(one, at('s')))
  expect(() => shares.take(one, at('s'))).toThrow()
  taken[0]?.[Symbol.dispose]()
  expect(() => shares.take(one, at('s'))).not.toThrow()
})
