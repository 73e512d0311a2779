import { describe, expect, test } from 'vitest'
import { signed, signingKey, type SigningKey } from '../support/signed-tokens.ts'
import { ANN, claims, find, ISSUER, keys, users } from './foreign-scene.ts'
import { ForeignTokens } from '#/access/foreign-tokens.ts'
import { IssuerKeys } from '#/access/issuer-keys.ts'
import { keysOf } from '#/access/jwt-keys.ts'
import type { LiveToken } from '#/access/principal-of.ts'

describe('published keys', () => {
  const document = (...published: readonly SigningKey[]) => ({ keys: published.map(({ jwk }) => jwk) })

  /** Keys as they are published, read at once and again when that is said. */
  async function publishing(...first: readonly SigningKey[]) {
    let published = document(...first)
    const told: unknown[] = []
    const options = { algorithm: 'RS256', failed: (cause: unknown) => expect(cause).toBeUndefined() } as const
    let now = 0
    const load = async (): Promise<unknown> => published
    const source = new IssuerKeys({ ...options, load, learnt: (each) => told.push(each), now: () => now })
    const rules = { issuer: ISSUER, audience: 'causeway', publicUrl: null, trustsAddresses: false }
    const which = new ForeignTokens({ rules, algorithm: 'RS256', keys: source })
    const publish = async (...next: readonly SigningKey[]): Promise<void> => {
      published = document(...next)
      now += 15_000
      await source.refresh()
    }
    await publish(...first)
    return { which, publish, told, source }
  }

  test('withdraw what was signed with them, also of what goes on; of those that stay, nothing is verified again', async () => {
    const [first, next] = [keys.RS256, signingKey('RS256', 'r2')]
    const { which, publish } = await publishing(first)
    const text = signed(first, claims())
    const live = find(which, text) as LiveToken
    await publish(next, first)
    expect([which.again(live, users), find(which, text)]).toEqual([live, live])
    expect(find(which, text)).toBe(live)
    await publish(next)
    expect(() => which.again(live, users)).toThrow('withdrawn')
    expect(() => find(which, text)).toThrow('signature')
    await publish(signingKey('RS256', first.kid), next)
    expect(() => which.again(live, users)).toThrow('withdrawn')
    await publish(first)
    expect(which.again(live, users)).toBe(live)
  })

  test('are waited for by many, not by any number, while their issuer takes its time', async () => {
    const slow = Promise.withResolvers<unknown>()
    const source = new IssuerKeys({ algorithm: 'RS256', load: () => slow.promise, failed: () => {} })
    const rules = { issuer: ISSUER, audience: 'causeway', publicUrl: null, trustsAddresses: false }
    const which = new ForeignTokens({ rules, algorithm: 'RS256', keys: source })
    const stranger = signed(keys.RS256, claims())
    const waits = Array.from({ length: 1_500 }, () => which.worthWaiting(stranger))
    const waiting = waits.filter((each) => each !== undefined)
    expect(waiting).toHaveLength(1_000)
    slow.resolve(document(signingKey('RS256', 'r2')))
    await Promise.all(waiting)
    expect(which.worthWaiting(stranger)).toBeUndefined()
    expect(() => find(which, stranger)).toThrow('signature')
  })

  test('are told to others where they are others, and learnt from them without a word', async () => {
    const [first, next] = [keys.RS256, signingKey('RS256', 'r2')]
    const { which, publish, told, source } = await publishing(first)
    await publish(first)
    expect(told).toEqual([document(first)])
    const live = find(which, signed(first, claims())) as LiveToken
    source.adopt(structuredClone(document(next)))
    expect(() => which.again(live, users)).toThrow('withdrawn')
    expect(find(which, signed(next, claims()))?.userId).toBe(ANN)
    expect(told).toHaveLength(1)
    await publish(next)
    expect(told).toHaveLength(1)
  })

  test('are those that may sign in the one way; the rest of the document does not matter', () => {
    const weak = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'weak' }
    const odd = [
      null,
      'x',
      weak,
      { ...keys.RS256.jwk, kid: 'enc', use: 'enc' },
      { ...keys.RS256.jwk, kid: 'ps', alg: 'PS256' },
    ]
    const found = keysOf({ keys: [...odd, keys.ES256.jwk, keys.RS256.jwk] }, 'RS256')
    expect([...found.keys()]).toEqual(['r1'])
    expect(() => keysOf(null, 'RS256')).toThrow(/no key/)
    expect(() => keysOf({ keys: [{ ...(keys.RS256.jwk as object), kty: 'oct', k: 'AAAA' }] }, 'RS256')).toThrow(
      /no key/,
    )
  })

  test('are fetched once, anew for an unknown id but not for every one, and believed for a while without their issuer', async () => {
    const next = signingKey('RS256', 'r2')
    let published: object | null = document(keys.RS256)
    let now = 0
    let asked = 0
    const failures: unknown[] = []
    const load = async (): Promise<unknown> => {
      asked += 1
      if (published === null) throw new Error('away')
      return published
    }
    const source = new IssuerKeys({ algorithm: 'RS256', load, failed: (cause) => failures.push(cause), now: () => now })
    const rules = { issuer: ISSUER, audience: 'causeway', publicUrl: null, trustsAddresses: false }
    const which = new ForeignTokens({ rules, algorithm: 'RS256', keys: source })
    const old = signed(keys.RS256, claims())
    expect(() => find(which, old)).toThrow(expect.objectContaining({ code: 'unavailable' }))
    await which.worthWaiting(old)
    expect([find(which, old)?.userId, asked, which.worthWaiting(old)]).toEqual([ANN, 1, undefined])

    const rotated = signed(next, claims())
    published = document(next)
    expect(which.worthWaiting(rotated)).toBeUndefined()
    expect(() => find(which, rotated)).toThrow('signature')
    now += 15_000
    await Promise.all([which.worthWaiting(rotated), which.worthWaiting(rotated)])
    expect([find(which, rotated)?.userId, asked]).toEqual([ANN, 2])
    expect(() => find(which, old)).toThrow('signature')

    // An error page is no set of keys: what is known stays good.
    published = { keys: [] }
    now += 3_600_000
    expect(find(which, rotated)?.userId).toBe(ANN)
    await which.worthWaiting(old)
    expect(find(which, rotated)?.userId).toBe(ANN)

    published = null
    now += 10 * 3_600_000
    expect(find(which, rotated)?.userId).toBe(ANN)
    await which.worthWaiting(old)
    now += 2 * 3_600_000
    expect(() => find(which, rotated)).toThrow(expect.objectContaining({ code: 'unavailable' }))
    expect(failures.length).toBeGreaterThan(0)
  })
})
