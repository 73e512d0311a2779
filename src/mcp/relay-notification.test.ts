import { describe, expect, test } from 'vitest'
import { readFrame } from './read-frame.ts'
import { relayNotification } from './relay-notification.ts'
import type { RelayPlan } from './relay.ts'

const PLAN: RelayPlan = {
  method: 'tools/call',
  clientRevision: '2025-11-25',
  upstreamRevision: '2025-11-25',
  clientId: Buffer.from('1'),
  upstreamId: 7,
  progressToken: undefined,
  logLevel: undefined,
  serverInfo: undefined,
}

function relayed(text: string, more: Partial<RelayPlan> = {}): string | undefined {
  const read = readFrame(Buffer.from(text))
  if (!read.ok) throw new Error(read.detail)
  return relayNotification(read.frame, { ...PLAN, ...more })?.toString()
}

const progress = (token: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":9007199254740993, "progressToken":${token}}}`
const log = (level: string): string =>
  `{"method":"notifications/message","jsonrpc":"2.0","params":{"level":"${level}","data":"é"}}`
const plain = (method: string): string => `{"jsonrpc":"2.0","method":"${method}"}`

describe('progress', () => {
  const progressToken = Buffer.from('"t"')

  test('is told with the token of the client', () => {
    expect(relayed(progress('7'), { progressToken })).toBe(progress('"t"'))
  })

  test.each(['8', '"7"', '7.0', 'null'])('of something else (%s) is not told', (token) => {
    expect(relayed(progress(token), { progressToken })).toBeUndefined()
  })

  test('that nobody asked for is not told', () => {
    expect(relayed(progress('7'))).toBeUndefined()
    expect(relayed(plain('notifications/progress'), { progressToken })).toBeUndefined()
  })
})

describe('log messages', () => {
  const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

  test('pass from the level on that was asked for', () => {
    for (const [least, logLevel] of levels.entries()) {
      expect(levels.filter((level) => relayed(log(level), { logLevel }) === log(level))).toEqual(levels.slice(least))
    }
  })

  test('are not told to who did not ask, nor when of no known level', () => {
    expect(relayed(log('emergency'))).toBeUndefined()
    expect(relayed(log('odd'), { logLevel: 'debug' })).toBeUndefined()
    expect(relayed(plain('notifications/message'), { logLevel: 'debug' })).toBeUndefined()
  })
})

describe('others', () => {
  const modern = { clientRevision: '2026-07-28' } as const

  test('pass as they are', () => {
    const odd = '{"jsonrpc":"2.0","method":"x/odd", "params":{"a":{"a":1,"a":2}},"more":1}'
    expect(relayed(odd)).toBe(odd)
    expect(relayed(odd, modern)).toBe(odd)
  })

  test.each(['tools/list_changed', 'prompts/list_changed', 'resources/list_changed', 'resources/updated'])(
    '%s belongs to a subscription where there are subscriptions',
    (name) => {
      expect(relayed(plain(`notifications/${name}`))).toBe(plain(`notifications/${name}`))
      expect(relayed(plain(`notifications/${name}`), modern)).toBeUndefined()
    },
  )

  test("a cancellation of the server's own requests is not told", () => {
    expect(relayed(plain('notifications/cancelled'))).toBeUndefined()
  })
})
