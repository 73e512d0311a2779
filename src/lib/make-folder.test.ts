import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

let root: string
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'cw-folder-'))))
afterAll(async () => await rm(root, { recursive: true }))

test('makes what is missing above it, with the mode; says whether it made anything', async () => {
  const path = join(root, 'a/b/c')
  expect(await makeFolder(path, 0o700)).toBe(true)
  expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700)
  expect(await makeFolder(path, 0o700)).toBe(false)
  expect(new Set(await Promise.all([1, 2, 3].map(() => makeFolder(join(root, 'x/y'), 0o700))))).toContain(true)
})

test('a file in the way, or a place where nothing can be made, is an error and not for ever', async () => {
  await writeFile(join(root, 'file'), '')
  await expect(makeFolder(join(root, 'file'), 0o700)).rejects.toThrow('(EEXIST): name a folder')
  await expect(makeFolder(join(root, 'file/below'), 0o700)).rejects.toThrow('ENOTDIR')
  if (process.platform === 'linux')
    await expect(makeFolder('/proc/nope/below', 0o700)).rejects.toThrow(
      '/proc/nope/below cannot be made (ENOENT at /proc/nope)',
    )
})
