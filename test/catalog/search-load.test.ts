import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Principal } from '#/access/principal.ts'
import { SEARCHED } from '#/catalog/search-candidates.ts'
import { searchCatalog, type Searching } from '#/catalog/search.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'

const NAMES = ['send-mail', 'mail-send', 'mailbox', 'read-mailbox', 'clock']
const tool = (name: string, n: number) => ({
  id: String(n),
  name: `up-${name}`,
  originalName: name,
  gatewayId: 'g1',
  enabled: true,
  definition: JSON.stringify({
    name,
    description: `does ${n}`,
    inputSchema: { properties: { to: { type: 'string' } } },
  }),
  customDescription: null,
  visibility: 'public',
  ownerId: null,
  teamId: null,
})

function snapshotOf(tools: readonly object[]): Snapshot {
  const none = (): readonly never[] => []
  const parts = { gateways: none, servers: none, prompts: none, resources: none, users: none, teams: none }
  return { ...parts, tools: () => tools } as unknown as Snapshot
}

const who = {
  visibilityClass: { sight: { isAdmin: true, teamId: null, teams: [] }, sees: () => true },
} as unknown as Principal
const ASKED: Omit<Searching, 'words' | 'kinds'> = {
  who,
  limit: 10,
  includeInactive: false,
  gatewayIds: null,
  teamId: null,
  tagged: null,
}

test('100,000 tools are gone through in slices', async () => {
  const tools = Array.from({ length: 100_000 }, (_, n) => tool(`${NAMES[n % NAMES.length]}-${n}`, n))
  const snapshot = snapshotOf(tools)
  // As it is in a worker that has searched before.
  await searchCatalog(snapshot, { ...ASKED, words: ['mail'], kinds: SEARCHED })
  for (const words of [['mail'], ['clock', '99'], ['does', '99994'], ['string'], ['nobody-has-this']]) {
    await sleep(50)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const began = performance.now()
    const found = await searchCatalog(snapshot, { ...ASKED, words, kinds: SEARCHED })
    const took = performance.now() - began
    delay.disable()
    const [longest, hits] = [delay.max / 1e6, found.get('tools')?.length ?? 0]
    console.log(
      `${words.join(' ')}: ${hits} tools in ${Math.round(took)} ms, the loop stood still for ${longest.toFixed(1)} ms at most`,
    )
    expect(hits).toBe(
      words.some((word) => ['string', 'nobody-has-this'].includes(word)) ? 0 : words.includes('99994') ? 1 : 10,
    )
    expect(longest).toBeLessThan(250)
  }
})
