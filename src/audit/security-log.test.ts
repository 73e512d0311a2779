import { expect, test } from 'vitest'
import { SecurityLog } from './security-log.ts'
import type { SecurityEntry, SecurityEvent } from './security.ts'

const event: SecurityEvent = {
  kind: 'unauthenticated',
  userId: null,
  fromIp: '10.0.0.1',
  why: 'the token is not known',
  path: '/tools',
  requestId: 'first',
}

function gathered(fails = 0) {
  const batches: (readonly SecurityEntry[])[] = []
  const failures: unknown[] = []
  const log = new SecurityLog({
    most: 3,
    everyMs: 1_000_000,
    onFailure: (cause) => failures.push(cause),
    sink: {
      append: async (entries) => {
        if (failures.length < fails) throw new Error('the database is away')
        batches.push(entries)
      },
    },
  })
  return { log, batches, failures }
}

test('what is alike is one entry with the first example, however often it comes', async () => {
  const { log, batches } = gathered()
  for (let n = 0; n < 1000; n++) log.note({ ...event, requestId: n === 0 ? 'first' : String(n), path: `/${n}` })
  log.note({ ...event, fromIp: '::ffff:10.0.0.1' })
  await log.store()
  expect(batches).toHaveLength(1)
  expect(batches[0]).toMatchObject([{ network: '10.0.0.1', times: 1001, requestId: 'first', path: '/0' }])
})

test('whoever changes its address within a prefix stays one entry, and of too many the rest is counted together', async () => {
  const { log, batches } = gathered()
  for (let n = 0; n < 500; n++) log.note({ ...event, fromIp: `2001:db8::${n.toString(16)}` })
  for (let n = 0; n < 250; n++) log.note({ ...event, fromIp: `10.0.1.${n}` })
  log.note({ ...event, kind: 'forbidden', userId: 'u' })
  await log.store()
  const entries = batches.flat()
  expect(entries.map(({ network, kind, times }) => [kind, network, times])).toEqual([
    ['unauthenticated', '2001:db8::/64', 500],
    ['unauthenticated', '10.0.1.0', 1],
    ['unauthenticated', '10.0.1.1', 1],
    ['unauthenticated', null, 248],
    ['forbidden', null, 1],
  ])
})

test('while it cannot be stored it is counted on, and then nothing is missing', async () => {
  const { log, batches, failures } = gathered(2)
  for (let n = 0; n < 3; n++) {
    log.note(event)
    await log.store()
  }
  expect(failures).toHaveLength(2)
  expect(batches.flat()).toMatchObject([{ times: 3 }])
  await log[Symbol.asyncDispose]()
  expect(batches).toHaveLength(1)
})

test('what was noted last is stored at the end', async () => {
  const { log, batches } = gathered()
  log.note(event)
  await log[Symbol.asyncDispose]()
  expect(batches.flat()).toMatchObject([{ times: 1 }])
})
