import { expect, test } from 'vitest'
import type { ChainedRecord } from './audit.ts'
import { LINES } from './export-lines.ts'

const hash = Buffer.from('ab', 'hex')
const record: ChainedRecord = {
  seq: 7,
  at: new Date('2026-01-02T03:04:05.678Z'),
  actor: 'ann@example.com',
  action: 'gateways.update',
  targetKind: 'gateway',
  targetId: '=cmd|calc',
  detail: '{"name":"a \\"b\\"","n":1}',
  recordHash: hash,
  hashNow: hash,
  head: hash,
  sealed: null,
}

test('a JSON line says everything, the detail byte for byte', () => {
  const line = LINES.jsonl.line(record)
  expect(line).toContain(`"detail":${record.detail},`)
  expect(JSON.parse(line)).toEqual({
    seq: 7,
    at: '2026-01-02T03:04:05.678Z',
    actor: 'ann@example.com',
    action: 'gateways.update',
    target_kind: 'gateway',
    target_id: '=cmd|calc',
    detail: { name: 'a "b"', n: 1 },
    record_hash: 'ab',
    head: 'ab',
  })
})

test('a table says the same, and no cell is a formula', () => {
  expect(LINES.csv.first).toBe('seq,at,actor,action,target_kind,target_id,detail,record_hash,head\r\n')
  expect(LINES.csv.line(record)).toBe(
    `7,2026-01-02T03:04:05.678Z,ann@example.com,gateways.update,gateway,'=cmd|calc,"{""name"":""a \\""b\\"""",""n"":1}",ab,ab\r\n`,
  )
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('%j is text to a spreadsheet', (actor) => {
  const cell = LINES.csv
    .line({ ...record, actor })
    .split(',')
    .slice(2)
    .join(',')
  expect(cell).toMatch(/^"?'/)
})
