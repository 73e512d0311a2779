import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Principal } from './principal.ts'
import { UnderWay, type Ongoing } from './under-way.ts'

/** Principals are told apart by being other objects; what is in them is nobody's business here. */
const somebody = (name: string): Principal => ({ email: name }) as Principal

interface Watched extends Ongoing {
  readonly seen: Principal[]
  readonly ends: GatewayError[]
}

function ongoing(may = true): Watched {
  const seen: Principal[] = []
  const ends: GatewayError[] = []
  return {
    seen,
    ends,
    mayGoOn: (principal) => {
      seen.push(principal)
      if (!may) throw new GatewayError('forbidden', 'no longer')
    },
    end: (error) => void ends.push(error),
  }
}

test('nothing is asked while whoever it goes on for is the same', async () => {
  const [ann, stream] = [somebody('ann'), ongoing(false)]
  const underWay = new UnderWay((principal) => principal)
  underWay.begin(stream, ann)
  await underWay.review()
  expect([stream.seen, stream.ends, underWay.size]).toEqual([[], [], 1])
})

test('another principal is asked once whether it may go on: what may goes on, what may not ends once', async () => {
  const [ann, narrowed] = [somebody('ann'), somebody('narrowed')]
  const [may, mayNot] = [ongoing(), ongoing(false)]
  const underWay = new UnderWay(() => narrowed)
  for (const each of [may, mayNot]) underWay.begin(each, ann)
  await underWay.review()
  await underWay.review()
  expect(may.seen).toEqual([narrowed])
  expect(may.ends).toEqual([])
  expect(mayNot.ends.map(({ code }) => code)).toEqual(['forbidden'])
  expect(underWay.size).toBe(1)
})

test('who is nobody any more ends, and so does what fails while it is looked at', async () => {
  const underWay = new UnderWay(({ email }) => {
    if (email === 'gone') throw new GatewayError('unauthenticated', 'gone')
    throw new TypeError('a defect')
  })
  const streams = [ongoing(), ongoing()]
  for (const [n, stream] of streams.entries()) underWay.begin(stream, somebody(n === 0 ? 'gone' : 'odd'))
  await underWay.review()
  expect(streams.map(({ ends }) => ends[0]?.code)).toEqual(['unauthenticated', 'internal'])
})

test('what is over is not looked at, and a change in the middle of a review is reviewed as well', async () => {
  const [ann, bob] = [somebody('ann'), somebody('bob')]
  const over = ongoing(false)
  let now = ann
  let reviewed: Promise<void> | undefined
  const underWay = new UnderWay((principal) => {
    if (reviewed === undefined) {
      reviewed = underWay.review()
      now = bob
      return principal
    }
    return now
  })
  const stream = ongoing()
  underWay.begin(over, ann)[Symbol.dispose]()
  underWay.begin(stream, ann)
  await underWay.review()
  await reviewed
  expect(stream.seen).toEqual([bob])
  expect(over.ends).toEqual([])
})

test('whatever the order in which they end, those that go on are looked at', async () => {
  const [ann, bob] = [somebody('ann'), somebody('bob')]
  const underWay = new UnderWay(() => bob)
  const streams = Array.from({ length: 100 }, () => ongoing())
  const all = streams.map((stream) => underWay.begin(stream, ann))
  const ends = (n: number): boolean => n % 3 === 0 || n > 90
  for (const [n, each] of all.entries()) if (ends(n)) each[Symbol.dispose]()
  all[0]?.[Symbol.dispose]()
  await underWay.review()
  for (const [n, stream] of streams.entries()) expect(stream.seen).toEqual(ends(n) ? [] : [bob])
  for (const each of all) each[Symbol.dispose]()
  expect(underWay.size).toBe(0)
})
