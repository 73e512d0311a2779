import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

let gateway: RunningGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

async function tokenNames(): Promise<readonly unknown[]> {
  const { body } = await gateway.api('GET', '/v1/tokens?include_inactive=true')
  return (body['tokens'] as readonly { readonly name: string }[]).map(({ name }) => name)
}

test('a token that names no permission is refused: in a file, and in a set that somebody sends', async () => {
  const path = join(gateway.dataDir, 'none.yaml')
  await writeFile(path, 'tokens: { nothing: { permissions: [] } }')
  const refused = await causeway(['apply', path], { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringMatching(/:1:35: tokens\.nothing\.permissions: .*leave it out/),
  ])
  const declared = { name: 'nothing', permissions: [], hash: '0'.repeat(64) }
  const sent = await gateway.api('POST', '/v1/declared', { set: 'none', tokens: [declared] })
  expect([sent.status, sent.body]).toMatchObject([422, { field: 'tokens.0.permissions' }])
  expect(await tokenNames()).not.toContain('nothing')
})

test('where a form sends an empty list for a field that nobody filled in, the answer and the record say what was given', async () => {
  const made = await gateway.api('POST', '/v1/tokens', { name: 'unsaid', scope: { permissions: [] } })
  const token = made.body['token'] as { readonly id: string }
  expect([made.status, token]).toMatchObject([201, { effective_permissions: ['*'] }])
  const { body } = await gateway.api('GET', `/v1/audit?target_id=${token.id}`)
  expect(JSON.stringify(body)).toContain('"permissions":["*"]')
})
