import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { verifyAuditChain } from '#/audit/verify-chain.ts'
import { auditStore } from '#/store/audit-store.ts'
import { offered, offeredResource, restHarness, type Answer, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())
beforeEach(async () => {
  await rest.database.sql('DELETE FROM gateways')
  rest.upstream.offer = { tools: [offered('a'), offered('b')], resources: [offeredResource('file:///a')] }
})

const COUNT = 60

const register = (name: string, more: object = {}, headers = {}): Promise<Answer> =>
  rest.ask('POST', '/gateways', { body: { name, url: 'http://127.0.0.1:9/', ...more }, headers })

const together = (work: (n: number) => Promise<Answer>, count = COUNT): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status)

test('many that register at once share transactions, and each leaves what one that registers alone leaves', async () => {
  const before = await rest.counts()
  const answers = await together((n) => register(`many-${n}`, { description: `the ${n}th` }))
  expect(new Set(statuses(answers))).toEqual(new Set([200]))
  expect(answers.map(({ body }) => [body.name, body.description, body.toolCount])).toEqual(
    answers.map((_, n) => [`many-${n}`, `the ${n}th`, 2]),
  )
  const after = await rest.counts()
  const more = (table: string): number => (after[table] ?? 0) - (before[table] ?? 0)
  expect(['gateways', 'gateway_states', 'tools', 'resources', 'audit_log', 'changes'].map(more)).toEqual([
    COUNT,
    COUNT,
    2 * COUNT,
    COUNT,
    COUNT,
    2 * COUNT,
  ])
  const [made] = await rest.database.sql<{ transactions: number; numbers: number; told: number }>(`
    SELECT count(DISTINCT g.xmin::text)::int AS transactions, count(DISTINCT a.seq)::int AS numbers,
           count(DISTINCT c.seq) FILTER (WHERE c.seq = a.seq)::int AS told
      FROM gateways AS g JOIN audit_log AS a ON a.target_id = g.id JOIN changes AS c ON c.id = g.id AND c.kind = 'gateway'`)
  expect(made).toMatchObject({ numbers: COUNT, told: COUNT })
  expect(made?.transactions).toBeLessThan(COUNT / 2)
  expect(await verifyAuditChain(auditStore(rest.database.db))).toMatchObject({ intact: true })
})

test('one that is refused is told why, and those beside it are made', async () => {
  const names = Array.from({ length: COUNT }, (_, n) => `pair-${Math.floor(n / 2)}`)
  const answers = await together((n) => register(names[n] ?? ''))
  const count = (status: number): number => statuses(answers).filter((one) => one === status).length
  expect([count(200), count(409)]).toEqual([COUNT / 2, COUNT / 2])
  for (const refused of answers.filter(({ status }) => status === 409))
    expect(refused.text).toContain('Gateway name already exists')
  const [made] = await rest.database.sql<{ names: number; audited: number }>(`
    SELECT count(DISTINCT g.name)::int AS names, count(a.seq)::int AS audited
      FROM gateways AS g JOIN audit_log AS a ON a.target_id = g.id AND a.action = 'gateways.create'`)
  expect(made).toEqual({ names: COUNT / 2, audited: COUNT / 2 })
})

test('what the database cannot store keeps nobody else back', async () => {
  const answers = await together((n) => register(`odd-${n}`, n % 10 === 3 ? { description: 'a\0b' } : {}))
  expect(statuses(answers)).toEqual(answers.map((_, n) => (n % 10 === 3 ? 422 : 200)))
})

test('the same request twice at once makes one gateway, whichever transaction it is in', async () => {
  const key = (n: number): string => `key-${Math.floor(n / 2)}`
  const answers = await together((n) => register(`same-${Math.floor(n / 2)}`, {}, { 'idempotency-key': key(n) }))
  expect(new Set(statuses(answers))).toEqual(new Set([200]))
  const ids = answers.map(({ body }) => body.id as string)
  expect(ids.map((id, n) => id === ids[n - (n % 2)])).toEqual(ids.map(() => true))
  expect(new Set(ids).size).toBe(COUNT / 2)
})

test('one with much to offer is stored by itself, in the same way', async () => {
  const many = Array.from({ length: 300 }, (_, n) => offered(`tool-${n}`))
  rest.upstream.offer = { tools: many }
  const answers = await together((n) => register(`large-${n}`), 6)
  expect(answers.map(({ status, body }) => [status, body.toolCount])).toEqual(answers.map(() => [200, 300]))
  const [made] = await rest.database.sql(`SELECT count(DISTINCT xmin::text)::int AS transactions FROM gateways`)
  expect(made).toEqual({ transactions: 6 })
})

async function registered(count: number): Promise<string[]> {
  const answers = await together((n) => register(`old-${n}`), count)
  return answers.map(({ body }) => body.id as string)
}

test('changes at once share transactions; each has its own audit record, and one that is refused keeps no other back', async () => {
  const ids = await registered(COUNT)
  rest.upstream.offer = { tools: [offered('a', { title: 'new' }), offered('c')] }
  const answers = await together((n) => {
    const url = `http://127.0.0.1:9/${n}`
    const body = n === 3 ? { url, name: `old-${n - 1}` } : { url, description: `the ${n}th` }
    return rest.ask('PUT', `/gateways/${ids[n]}`, { body })
  })
  expect(statuses(answers)).toEqual(answers.map((_, n) => (n === 3 ? 409 : 200)))
  const told = answers.map(({ body }) => (body.url === undefined ? null : [body.url, body.description, body.version]))
  expect(told).toEqual(answers.map((_, n) => (n === 3 ? null : [`http://127.0.0.1:9/${n}`, `the ${n}th`, 2])))
  const changed = COUNT - 1
  const rows = await rest.database.sql(`
    SELECT (SELECT count(DISTINCT xmin::text) FROM gateways WHERE version = 2) < ${COUNT - 10} AS shared,
           (SELECT count(DISTINCT target_id)::int FROM audit_log WHERE action = 'gateways.update') AS audited,
           (SELECT count(DISTINCT seq)::int FROM changes WHERE kind = 'gateway' AND id IN (SELECT id FROM gateways)) AS told,
           (SELECT json_agg(DISTINCT n) FROM (SELECT string_agg(original_name || version, ' ' ORDER BY position) AS n
              FROM tools GROUP BY gateway_id) AS t) AS offered`)
  expect(rows).toEqual([{ shared: true, audited: changed, told: COUNT + changed, offered: ['a1 b1', 'a2 c1'] }])
  expect(await verifyAuditChain(auditStore(rest.database.db))).toMatchObject({ intact: true })
})

test('of two changes of one version of a gateway one is made, beside those of others', async () => {
  const ids = await registered(10)
  const answers = await together((n) => {
    const body = { description: `by ${n}` }
    return rest.ask('PUT', `/gateways/${ids[n >> 1]}`, { body, headers: { 'if-match': '"1"' } })
  }, 20)
  expect(statuses(answers).toSorted((a, b) => a - b)).toEqual([
    ...Array<number>(10).fill(200),
    ...Array<number>(10).fill(412),
  ])
  for (const [n, id] of ids.entries()) {
    const { body } = await rest.ask('GET', `/gateways/${id}`)
    const made = answers[2 * n]?.status === 200 ? 2 * n : 2 * n + 1
    expect(body).toMatchObject({ version: 2, description: `by ${made}` })
  }
})

test('what was found of many at once is stored for each, and each is audited', async () => {
  const ids = await registered(COUNT)
  rest.upstream.offer = { tools: [offered('b'), offered('new')] }
  const answers = await together((n) => rest.ask('POST', `/gateways/${ids[n]}/tools/refresh`))
  expect(answers.map(({ body }) => [body.success, body.toolsAdded, body.toolsRemoved])).toEqual(
    answers.map(() => [true, 1, 1]),
  )
  const rows = await rest.database.sql(`
    SELECT count(*)::int AS tools, count(DISTINCT gateway_id)::int AS gateways,
           (SELECT count(DISTINCT xmin::text) FROM gateway_states) < ${COUNT / 2} AS shared,
           (SELECT count(DISTINCT target_id)::int FROM audit_log WHERE action = 'gateways.refresh'
             AND detail::json -> 'gone' ->> 'tools' = '1') AS audited
      FROM tools WHERE original_name IN ('b', 'new')`)
  expect(rows).toEqual([{ tools: 2 * COUNT, gateways: COUNT, shared: true, audited: COUNT }])
})
