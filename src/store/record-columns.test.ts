import { describe, expect, test } from 'vitest'
import type { UsageRecord } from '#/records/usage-record.ts'
import { arrayText, columnsOf, type SharedFields } from './record-columns.ts'

const shared: SharedFields = {
  userId: 'u',
  tokenId: 't',
  method: 'tools/call',
  kind: 'tool',
  targetId: 'x',
  gatewayId: 'g',
  serverId: null,
  clientEra: 'modern',
  upstreamEra: 'legacy',
  snapshotSeq: 7,
  rule: 'admin',
  digest: 'd',
  attempts: 1,
  outcome: 'ok',
  mayHaveRun: true,
}
const OTHER: { readonly [F in keyof SharedFields]: SharedFields[F] } = {
  userId: 'v',
  tokenId: null,
  method: 'prompts/get',
  kind: 'prompt',
  targetId: 'y',
  gatewayId: null,
  serverId: 's',
  clientEra: 'legacy',
  upstreamEra: null,
  snapshotSeq: 8,
  rule: 'owner',
  digest: null,
  attempts: 2,
  outcome: 'tool_error',
  mayHaveRun: false,
}
const own = { requestId: 'r', queueMs: 0.25, upstreamMs: 1.5, totalMs: 2.0004, requestBytes: 3, responseBytes: 2 ** 33 }
const record = (at: number, fields: Partial<UsageRecord> = {}): UsageRecord => ({ at, ...shared, ...own, ...fields })

describe('records by columns', () => {
  test('what calls share is there once, what is theirs for each', () => {
    const columns = columnsOf([record(1000), record(1007, { targetId: 'y' }), record(1008)])
    expect(columns.groups.map(({ targetId }) => targetId)).toEqual(['x', 'y'])
    expect(columns).toMatchObject({
      group: [1, 2, 1],
      since: 1000,
      at: [0, 7, 8],
      queue: [250, 250, 250],
      total: [2000, 2000, 2000],
      responseBytes: [2 ** 33, 2 ** 33, 2 ** 33],
    })
  })

  test.each(Object.keys(OTHER) as (keyof SharedFields)[])('another %s is another group', (name) => {
    expect(columnsOf([record(1), record(2, { [name]: OTHER[name] })]).group).toEqual([1, 2])
  })
})

describe('an array for the database', () => {
  test.each([
    [[1, 2.5, -3], '{1,2.5,-3}'],
    [[true, null, 'plain-text.1'], '{true,NULL,plain-text.1}'],
    [['null', 'NULL', ''], '{"null","NULL",""}'],
    [['a b', 'c"d', String.raw`e\f`, '{g,h}'], String.raw`{"a b","c\"d","e\\f","{g,h}"}`],
    [['nul\0l', '\ud800'], '{"null","\ufffd"}'],
    [['x'.repeat(300)], `{"${'x'.repeat(256)}"}`],
  ])('%j', (values, text) => expect(arrayText(values)).toBe(text))
})
