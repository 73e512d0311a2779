import { expect, test } from 'vitest'
import { nextHead, recordHash, type AuditRecord } from './audit-record.ts'

const RECORD: AuditRecord = {
  at: new Date('2026-01-02T03:04:05.678Z'),
  actor: 'admin@example.com',
  action: 'gateway.create',
  targetKind: 'gateway',
  targetId: '0197f0f0f0f07000800000000000000a',
  detail: '{"name":"Zürich \\u0000"}',
}

test('the hash of a record is frozen: chains that exist must stay verifiable', () => {
  expect(recordHash(RECORD).toString('hex')).toBe('095fe1fb97b8052149c7a8dfda46f8c914c2c522679cd854b5fad56a2d10252a')
  expect(nextHead(Buffer.alloc(0), recordHash(RECORD), null).toString('hex')).toBe(
    'a0b8fe3a7f1c4fd0a0f33422c093fd1b784391cacaefdf7db64ae3edae6af080',
  )
  expect(nextHead(Buffer.alloc(0), recordHash(RECORD), 7).toString('hex')).toBe(
    'ae85b1c5d98a0a20e43eef35f7a6241f96b8043122419c2832688e3bd6440d85',
  )
})

test('every field counts', () => {
  const others: readonly Partial<AuditRecord>[] = [
    { at: new Date('2026-01-02T03:04:05.679Z') },
    { actor: 'x' },
    { action: 'x' },
    { targetKind: 'x' },
    { targetId: 'x' },
    { detail: '{}' },
  ]
  const hashes = [RECORD, ...others.map((other) => ({ ...RECORD, ...other }))].map((record) =>
    recordHash(record).toString('hex'),
  )
  expect(new Set(hashes).size).toBe(7)
})
