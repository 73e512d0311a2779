import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadSecrets, parseKeyRing } from './secrets.ts'

async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'causeway-secrets-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

let minted = 0
const mint = (): string => `cw_${'x'.repeat(40)}${++minted}`

test('a first start makes the secrets, the next reads them', async () => {
  await using dir = await folder()
  const path = join(dir.path, 'data', 'deep')
  const first = await loadSecrets(path, mint)
  expect(first.adminTokenIsNew).toBe(true)
  expect(first.keyRing.keys.get(first.keyRing.current)).toHaveLength(32)
  const again = await loadSecrets(path, mint)
  expect(again).toEqual({ ...first, adminTokenIsNew: false })
  for (const name of ['keys.json', 'admin-token']) expect((await stat(join(path, name))).mode & 0o777).toBe(0o600)
  expect((await readFile(join(path, 'admin-token'), 'utf8')).trim()).toBe(first.adminToken)
  expect((await readdir(path)).toSorted()).toEqual(['admin-token', 'keys.json'])
})

test('of many starts at once one makes them and all have the same', async () => {
  await using dir = await folder()
  const all = await Promise.all(Array.from({ length: 16 }, () => loadSecrets(dir.path, mint)))
  expect(new Set(all.map((each) => each.adminToken)).size).toBe(1)
  expect(new Set(all.map((each) => each.keyRing.current)).size).toBe(1)
  expect(all.filter((each) => each.adminTokenIsNew)).toHaveLength(1)
  expect((await readdir(dir.path)).toSorted()).toEqual(['admin-token', 'keys.json'])
})

test('a secret that others may read is refused with the cure', async () => {
  await using dir = await folder()
  await loadSecrets(dir.path, mint)
  const path = join(dir.path, 'keys.json')
  await chmod(path, 0o644)
  await expect(loadSecrets(dir.path, mint)).rejects.toThrow(`chmod 600 ${path}`)
})

test('an empty token file is refused, not replaced', async () => {
  await using dir = await folder()
  await writeFile(join(dir.path, 'admin-token'), '\n', { mode: 0o600 })
  await expect(loadSecrets(dir.path, mint)).rejects.toThrow('holds no token')
})

test.each([
  ['', 'must be {"current"'],
  ['[]', 'must be {"current"'],
  ['{"current":"a","keys":{}}', 'must be {"current"'],
  ['{"current":"a","keys":{"a":"short"}}', "the key 'a' must be 32 bytes"],
  ['{"current":"a","keys":{"a":7}}', "the key 'a' must be 32 bytes"],
  [`{"current":"a","keys":{"a.b":"${'A'.repeat(43)}"}}`, "the key 'a.b'"],
  [`{"current":"b","keys":{"a":"${'A'.repeat(43)}"}}`, 'must be {"current"'],
])('the ring %j is refused', (text, message) => expect(() => parseKeyRing(text, '/d/keys.json')).toThrow(message))
