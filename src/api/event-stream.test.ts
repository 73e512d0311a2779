import { UserId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { EventStream } from './event-stream.ts'

const principal = { userId: UserId.mint(), key: 'me' } as Principal

function open(again: () => Principal = () => principal) {
  return new EventStream({ principal, again, overflow: '"more"' })
}

const readAll = (stream: EventStream): string => String(stream.body.read() ?? '')

test('says at once that it listens, then what is told, then nothing for as long as it is told nothing', () => {
  const stream = open()
  expect(readAll(stream)).toBe(':\n\n')
  stream.tell('1')
  stream.tell('2')
  expect(readAll(stream)).toBe('data: 1\n\ndata: 2\n\n')
  stream.tick(performance.now() + 5_000)
  expect(readAll(stream)).toBe('')
  stream.tick(performance.now() + 16_000)
  expect(readAll(stream)).toBe(':\n\n')
})

test('who reads too slowly is told once that there was more, and of what comes after', () => {
  const stream = open()
  const json = JSON.stringify('x'.repeat(1_000))
  for (let n = 0; n < 1_000; n++) stream.tell(json)
  expect(stream.body.readableLength).toBeLessThan((128 << 10) + 2_000)
  let read = ''
  for (let chunk = readAll(stream); chunk !== ''; chunk = readAll(stream)) read += chunk
  expect(read.match(/data: /g)?.length).toBeLessThan(140)
  expect(read.endsWith('data: "more"\n\n')).toBe(true)
  expect(read.split('"more"')).toHaveLength(2)
  stream.tell('3')
  expect(readAll(stream)).toBe('data: 3\n\n')
})

test('a reader who takes nothing for a minute is let go', () => {
  const stream = open()
  for (let n = 0; n < 200; n++) stream.tell('x'.repeat(1_000))
  stream.tick(performance.now() + 59_000)
  expect(stream.body.destroyed).toBe(false)
  stream.tick(performance.now() + 61_000)
  expect(stream.body.destroyed).toBe(true)
})

test('ends when its reader may no longer listen, and is told nothing more', async () => {
  let isRevoked = false
  const stream = open(() => {
    if (isRevoked) throw new GatewayError('unauthenticated', 'revoked')
    return principal
  })
  expect(stream.reader).toBe(principal)
  isRevoked = true
  expect(stream.reader).toBeUndefined()
  stream.tell('secret')
  expect(await stream.body.toArray()).toEqual([Buffer.from(':\n\n')])
})
