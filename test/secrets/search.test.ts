import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const SCRIPT = join(import.meta.dirname, '../../scripts/search-secrets.ts')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cw-said-'))
  vi.stubEnv('TESTIMONY_FOLDER', folder)
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** What the search says, and whether it is content. */
function search(): Promise<{ readonly content: boolean; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, folder], (error, said) => resolve({ content: error === null, said }))
  })
}

/** Reads where to keep things when it is loaded. */
async function someGateway() {
  const { startGateway } = await import('../support/gateway.ts')
  return await startGateway({ env: { CAUSEWAY_LOG_LEVEL: 'trace' } })
}

const SECRET = 'planted "value" 5c1f0e'

test('a gateway that keeps what it is told is content to be searched', async () => {
  const gateway = await someGateway()
  await gateway.api('POST', '/v1/gateways', { name: 'shy', url: 'http://127.0.0.1:9/mcp', auth_value: SECRET })
  await gateway.api('POST', '/v1/tokens', { name: 'one' })
  const refused = await gateway.api('POST', '/v1/auth/email/admin/users', { email: 'nobody', password: SECRET })
  expect(refused.status).toBe(422)
  await gateway.stop()
  const { content, said } = await search()
  expect(said).toMatch(/^1 gateways, [4-9] secrets, \d+\.\d MB of what they said: 0 told\n$/)
  expect(content).toBe(true)
})

test.each([
  ['in an answer', (text: string) => ({ where: 'GET /x', text: JSON.stringify({ detail: text }) })],
  ['in a URL', (text: string) => ({ where: 'its output', text: `GET /x?key=${encodeURIComponent(text)}` })],
  ['in the process list', (text: string) => ({ where: 'the process list', text: `node serve --key ${text}` })],
])('what is told %s is found, and not repeated', async (_, leak) => {
  const { Witness } = await import('../support/witness.ts')
  const witness = Witness.of({})
  witness?.told({ gateways: [{ auth_headers: [{ key: 'X-Api-Key', value: SECRET }] }] })
  const { where, text } = leak(SECRET)
  witness?.said(where, text)
  witness?.keep('leaky')
  const { content, said } = await search()
  expect(content).toBe(false)
  expect(said).toContain(`leaky: X-Api-Key in ${where}, after: `)
  expect(said).not.toContain('5c1f0e')
})

test('where there was nothing to search nothing was shown', async () => {
  expect(await search()).toEqual({ content: false, said: '0 gateways, 0 secrets, 0.0 MB of what they said: 0 told\n' })
})
