import { UserId, TokenId, ToolId, GatewayId } from '../../src/access/ids.ts'
import type { UsageRecord } from '../../src/records/usage-record.ts'

export const userId = UserId.mint()
export const tokenId = TokenId.mint()
export const toolId = ToolId.mint()
export const gatewayId = GatewayId.mint()

/** A call that went well, but for `changes`. */
export function usageRecord(changes: Partial<UsageRecord> = {}): UsageRecord {
  return {
    at: Date.UTC(2026, 0, 1),
    requestId: 'r',
    userId,
    tokenId,
    method: 'tools/call',
    kind: 'tool',
    targetId: toolId,
    gatewayId,
    serverId: null,
    clientEra: 'modern',
    upstreamEra: 'legacy',
    snapshotSeq: 7,
    rule: 'admin',
    digest: 'd'.repeat(64),
    attempts: 1,
    queueMs: 0,
    upstreamMs: 2.5,
    totalMs: 4,
    requestBytes: 100,
    responseBytes: 2 ** 33,
    outcome: 'ok',
    mayHaveRun: true,
    ...changes,
  }
}

export const many = (count: number, from = 0): readonly UsageRecord[] =>
  Array.from({ length: count }, (_, i) => usageRecord({ requestId: `r${from + i}` }))
